import Foundation
import MoEBase
public import MoEStore

/// Random changes and readings of a store that others may be changing at the same time.
public struct RandomOperations {
  /// What came of them.
  public struct Outcome: Sendable {
    /// How many changes were made.
    public var changed = 0
    /// How many changes made no sense when their turn came, and were refused.
    public var refused = 0
    /// How many times a whole generation was read.
    public var read = 0
    /// What must not happen, a sentence each.
    public var violations: [String] = []
  }

  private let store: Store
  private let archives: [[UInt8]]
  private let names: [String]
  private var generator: SeededGenerator

  /// Takes the store and a seed.
  ///
  /// - Throws: What making the packs throws.
  public init(store: Store, seed: UInt64) throws {
    self.store = store
    names = (0..<4).map { "example/p\($0)" }
    archives = try names.flatMap { name in
      try (1...4).map { try SmallPack(name, release: $0).archive }
    }
    generator = SeededGenerator(seed: seed)
  }

  /// Makes `count` random operations.
  public mutating func run(_ count: Int) -> Outcome {
    var outcome = Outcome()
    for step in 0..<count {
      do {
        if generator.below(4) == 0 {
          try read()
          outcome.read += 1
        } else {
          try next().run(on: store)
          outcome.changed += 1
        }
      } catch  where StoreOperation.isRefusal(error) {
        outcome.refused += 1
      } catch {
        outcome.violations.append("step \(step): \(error)")
      }
    }
    return outcome
  }

  private mutating func next() throws -> StoreOperation {
    switch generator.below(8) {
    case 0...2: .install(archives[generator.below(archives.count)])
    case 3...5: .remove(names[generator.below(names.count)])
    case 6: .rollback(max(0, try store.activeGenerationID() - generator.below(12)))
    default: .gc(keep: 8 + generator.below(4))
    }
  }

  /// Reads every file of the active generation, as somebody does who loads it.
  private func read() throws {
    let generation = try store.active()
    for pack in generation.packs {
      for entry in [pack.envelope] + pack.entries {
        if (try? Digest(file: entry.url)) == entry.digest { continue }
        // Only a generation that was let go meanwhile may lose a file.
        if try store.generation(generation.id).isKept {
          throw StoreError.corrupt(["\(pack.name): \(entry.name) is not what was installed"])
        }
      }
    }
  }
}
