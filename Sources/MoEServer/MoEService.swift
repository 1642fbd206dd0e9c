import HTTPTypes
import Foundation
import MoEBase
import MoEModel
import MoERuntime
import MoEStore

/// What all requests of a server share.
final class MoEService: Sendable {
  let options: ServerOptions
  let source: CompositionSource
  let holder: CompositionHolder
  let follower: CompositionFollower
  let queue: BatchQueue
  let speakers: SpeakerQueue
  let keys: KeyRing
  let usage: UsageLedger
  let audit: LineLog
  let feedback: LineLog
  let metrics: ServerMetrics
  let connections = ConnectionRegistry()
  let report: @Sendable (String) -> Void
  let routes: [Route]
  /// What this server is called in receipts: new with every start.
  let name: String
  private let names: Set<String>

  /// Loads what the store has; nothing is served yet.
  ///
  /// - Throws: ``ServerError``, `StoreError`, `RuntimeError`, `BackboneError`.
  init(
    _ options: ServerOptions, source: CompositionSource,
    report: @escaping @Sendable (String) -> Void
  ) throws {
    guard options.isLoopback || options.keys != nil else {
      throw ServerError.openToOthers(host: options.host)
    }
    self.options = options
    self.source = source
    self.report = report
    keys = try KeyRing(file: options.keys, report: report)
    do {
      try FileManager.default.createDirectory(
        at: options.stateDirectory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw ServerError.cannotWrite(
        path: options.stateDirectory.path, reason: error.localizedDescription)
    }
    let directory = options.stateDirectory
    usage = try UsageLedger(directory.appending(path: "usage.json"), now: Date())
    audit = try LineLog(directory.appending(path: "audit.jsonl"), report: report)
    feedback = try LineLog(directory.appending(path: "feedback.jsonl"), report: report)
    metrics = ServerMetrics()
    follower = try CompositionFollower(source, report: report)
    holder = follower.holder
    queue = BatchQueue(limits: options.limits, pool: options.pool, metrics: metrics)
    speakers = SpeakerQueue(limits: options.limits, pool: options.pool, metrics: metrics)
    name = "moe-pack-\(Digest.hex((0..<6).map { _ in UInt8.random(in: 0...255) }))"
    names = Set(
      (["localhost", "127.0.0.1", "[::1]", "::1", options.host] + options.hosts).map {
        $0.lowercased()
      })
    routes = Route.all
  }

  /// Starts the threads.
  func start() {
    follower.start()
    queue.start()
    speakers.start()
  }

  /// Ends the threads, once what waits is done.
  func stop() {
    follower.stop()
    queue.stop()
    speakers.stop()
    audit.flush()
    do { try usage.save() } catch { report("usage counts were not kept: \(error)") }
  }

  /// Refuses a `Host` that is not this server's: a page elsewhere must not reach it by a name of its own.
  func checkHost(_ authority: String?) throws(APIError) {
    var name = (authority ?? "").lowercased()
    if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]"),
      name[name.index(after: colon)...].allSatisfy(\.isNumber)
    {
      name = String(name[..<colon])
    }
    guard !names.contains(name) else { return }
    throw APIError(
      .forbidden, "host-not-allowed",
      "the request is for host `\(name.printable)`, which this server is not",
      hint: "nothing was done; the operator allows more names with `--allow-host NAME`")
  }

  /// The time now, in ISO 8601 with milliseconds.
  var timestamp: String {
    Date().formatted(
      .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(
        separator: .omitted))
  }
}

extension Duration {
  /// The seconds of the duration.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
