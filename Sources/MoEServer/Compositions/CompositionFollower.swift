import Foundation
import MoEBase
import MoERuntime
import MoEStore
import Synchronization

/// Keeps the composition in service at the store's active generation.
///
/// It reads the generation's number several times a second, which is one row, and loads a new composition beside the
/// old one on a thread of its own. A generation that cannot be loaded is tried again ever more seldom; meanwhile the
/// old one answers, under its own number.
final class CompositionFollower: Sendable {
  /// How often the number is read.
  static let period: TimeInterval = 0.2
  /// The longest pause between two tries at a generation that cannot be loaded.
  private static let longestPause: TimeInterval = 30

  let holder: CompositionHolder
  /// The compositions that are alive.
  let census = CompositionCensus()
  private let source: CompositionSource
  private let report: @Sendable (String) -> Void
  private let isStopped = Atomic<Bool>(false)

  private struct Progress {
    var store: Store?
    var mark: ServedMark?
    var ground: Installer.Ground
    var tries = 0
    var nextTry = Date.distantPast
    var failedID: Int?
  }

  private let progress: Mutex<Progress>

  /// Loads what the store has now.
  ///
  /// - Parameters:
  ///   - source: The store and the backbones.
  ///   - report: Told what happens, a sentence each.
  /// - Throws: `StoreError`, `RuntimeError`, `BackboneError`.
  init(_ source: CompositionSource, report: @escaping @Sendable (String) -> Void) throws {
    self.source = source
    self.report = report
    let store = try source.openStore()
    let (live, ground) = try source.load(try store?.active(), beside: nil, census: census)
    holder = CompositionHolder(live)
    progress = Mutex(Progress(store: store, mark: store?.markServed(), ground: ground))
  }

  /// Starts following, on a thread of its own.
  func start() {
    let thread = Thread { [self] in
      // What is asked now goes before what will be.
      ThreadPriority.lower(to: .aside)
      while !isStopped.load(ordering: .relaxed) {
        step()
        Thread.sleep(forTimeInterval: Self.period)
      }
    }
    thread.name = "follower"
    thread.start()
  }

  /// Ends following.
  func stop() { isStopped.store(true, ordering: .relaxed) }

  /// Looks once, and switches where there is something new.
  func step() {
    progress.withLock { progress in
      var seen: Int?
      do {
        if progress.store == nil { progress.store = try source.openStore() }
        guard let store = progress.store else { return }
        if progress.mark == nil { progress.mark = store.markServed() }
        let id = try store.activeGenerationID()
        seen = id
        let current = holder.live
        guard id != current.composition.generation else {
          if progress.failedID != nil { settle(&progress) }
          return
        }
        // The one that failed before is not tried at every look; another one is, at once.
        if progress.failedID == id, Date() < progress.nextTry { return }
        let generation = try store.active()
        seen = generation.id
        let loaded = try source.load(generation, beside: (current, progress.ground), census: census)
        progress.ground = loaded.ground
        progress.failedID = nil
        progress.tries = 0
        holder.publish(loaded.live)
        report(
          "generation \(generation.id) answers now: \(generation.packs.count) packs (\(generation.action))"
        )
      } catch {
        fail(error, generation: seen, &progress)
      }
    }
  }

  private func settle(_ progress: inout Progress) {
    progress.failedID = nil
    progress.tries = 0
    holder.settle()
  }

  private func fail(_ error: any Error, generation: Int?, _ progress: inout Progress) {
    let reason = (error as? any ActionableError)?.message ?? "\(error)"
    let id = generation ?? -1
    if progress.failedID == id, Date() < progress.nextTry { return }
    progress.tries = progress.failedID == id ? progress.tries + 1 : 0
    progress.failedID = id
    progress.nextTry = Date(
      timeIntervalSinceNow: min(pow(2, Double(min(progress.tries, 10))), Self.longestPause))
    // A store that cannot be read may have been replaced: it is opened anew.
    if generation == nil { (progress.store, progress.mark) = (nil, nil) }
    holder.fail(generation: generation, reason)
    report(
      "generation \(holder.live.composition.generation) stays: "
        + (generation.map { "generation \($0) cannot be loaded: " } ?? "the store cannot be read: ")
        + reason)
  }
}
