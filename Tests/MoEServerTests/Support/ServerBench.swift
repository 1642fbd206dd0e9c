import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEServer
import MoEStore
import MoETensor
import MoETestSupport
import Synchronization

/// A server in this process, on the tiny backbone and a store of its own.
final class ServerBench: Sendable {
  let directory: TemporaryDirectory
  let backbone: Backbone
  let store: Store
  let port: Int
  let reports: Reports
  private let task: Task<Void, any Error>

  /// What the server said.
  final class Reports: Sendable {
    let lines = Mutex<[String]>([])
  }

  /// The store before the server: pack names and their topics.
  static let packs = [("example/ships", [0, 1]), ("example/privacy", [2, 3])]

  /// Starts a server.
  ///
  /// - Parameters:
  ///   - keys: Who has which key; without any, nobody needs one.
  ///   - packs: What is installed before it starts.
  ///   - directory: Where everything lies; a directory of its own without it.
  ///   - backbone: What it runs on; the tiny encoder without it.
  ///   - edit: Changes its options.
  /// - Throws: What making the store or starting the server throws.
  init(
    keys: [AccessKey] = [], packs: [(String, [Int])] = ServerBench.packs,
    in directory: TemporaryDirectory? = nil, backbone: Backbone? = nil,
    changing edit: (inout ServerOptions) -> Void = { _ in }
  ) async throws {
    let directory = try directory ?? TemporaryDirectory()
    self.directory = directory
    let backbone = try backbone ?? TinyBackbone.make()
    let store = try Store(at: directory.url.appending(path: "store"))
    self.backbone = backbone
    self.store = store
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .only("example")), comment: "",
      at: "2026-01-01T00:00:00Z")
    for (name, topics) in packs {
      try Self.install(name, topics, in: store, backbone, directory)
    }
    let root = directory.url.appending(path: "store")
    var options = ServerOptions(
      stateDirectory: directory.url.appending(path: "state"), version: "test",
      pool: ThreadPool(threads: 2),
      rollback: { generation, actor, _ in
        try Self.installer(store, backbone).restore(
          generation: generation, Self.change(actor: actor)
        ).generation
      })
    options.port = 0
    if !keys.isEmpty {
      options.keys = try directory.write(AccessKeyFile(keys: keys).text.utf8, to: "keys.json")
    }
    edit(&options)
    let reports = Reports()
    self.reports = reports
    let server = try ModelServer(
      options,
      source: CompositionSource(
        openStore: { try Store(at: root) },
        ground: { _, _ in Self.ground(backbone) }),
      report: { line in reports.lines.withLock { $0.append(line) } })
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    task = Task {
      defer { continuation.finish() }
      try await server.run(handlesSignals: false) { continuation.yield($0) }
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else {
      try await task.value
      throw RawClient.Failure(reason: "the server ended")
    }
    self.port = port
  }

  /// Ends the server.
  func stop() async {
    task.cancel()
    _ = try? await task.value
  }

  /// Sends one request on a connection of its own.
  func ask(
    _ method: String, _ path: String, key: String? = nil, host: String = "localhost",
    type: String? = "application/json", _ body: String? = nil
  ) async throws -> RawClient.Reply {
    let port = port
    return try await Self.blocking {
      try RawClient(port: port).ask(
        method, path, key: key, host: host, type: type, body: body.map { Array($0.utf8) })
    }
  }

  /// Runs what blocks on a thread of its own.
  static func blocking<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
  }

  // MARK: - The store

  /// Installs a pack, unproven, unless asked otherwise.
  func install(_ name: String, _ topics: [Int]) throws {
    try Self.install(name, topics, in: store, backbone, directory)
  }

  /// Removes a pack, unproven.
  func remove(_ name: String) throws {
    _ = try Self.installer(store, backbone).remove([name], Self.change())
  }

  /// Makes another generation of the same packs, which the regression suite measures.
  func prove() throws {
    var change = Self.change()
    change.checking = .suite
    _ = try Self.installer(store, backbone).set(threshold: 0.51, change)
  }

  /// Makes the set of an earlier generation active again, without loading it.
  func restore(_ generation: Int) throws {
    _ = try Self.installer(store, backbone).restore(generation: generation, Self.change())
  }

  /// Waits until the server answers from a generation.
  func waitForGeneration(_ id: Int) async throws {
    for _ in 0..<1200 {
      if try await ask("GET", "/readyz").json["generation"] == .integer(Int64(id)) { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw RawClient.Failure(reason: "generation \(id) was not served within a minute")
  }

  private static func install(
    _ name: String, _ topics: [Int], in store: Store, _ backbone: Backbone,
    _ directory: TemporaryDirectory
  ) throws {
    let file = directory.url.appending(path: "\(name.replacing("/", with: "-")).moepack")
    if !FileManager.default.fileExists(atPath: file.path) {
      try TinyPack(name, topics: topics, backbone: backbone).write(to: file)
    }
    _ = try installer(store, backbone).install([file], change())
  }

  private static func installer(_ store: Store, _ backbone: Backbone) -> Installer {
    Installer(store: store, pool: ThreadPool(threads: 1)) { ground(backbone) }
  }

  private static func ground(_ backbone: Backbone) -> Installer.Ground {
    Installer.Ground(
      backbone: backbone, profile: TinyBackbone.profileDigest, probes: TinyBackbone.probes)
  }

  private static func change(actor: String = "tester") -> Installer.Change {
    Installer.Change(actor: actor, time: "2026-01-02T00:00:00Z", checking: .none)
  }

  // MARK: - Words

  /// A text about one topic.
  static func text(topic: Int) -> String {
    TinyTexts.words(topic: topic).prefix(10).joined(separator: " ")
  }

  /// A key of an id, and its entry: the key is the id behind the prefix.
  static func key(
    _ id: String, _ role: AccessKey.Role = .tenant, allow: [AccessRule] = []
  ) -> AccessKey {
    AccessKey(
      id: id, hash: Digest(of: Array((AccessKey.prefix + id).utf8)), role: role, allow: allow)
  }
}
