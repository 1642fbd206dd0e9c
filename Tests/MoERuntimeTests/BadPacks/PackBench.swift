import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore
import MoETensor
import MoETestSupport
import Testing

/// A store with two honest packs, `example/ships` and `example/privacy`, and what installs a third one.
struct PackBench {
  let directory: TemporaryDirectory
  let backbone: Backbone
  let store: Store
  /// Topics 0 and 1.
  let ships: TinyPack
  /// Topics 2 and 3.
  let privacy: TinyPack

  init(changing edit: (inout TinyPack) -> Void = { _ in }) throws {
    directory = try TemporaryDirectory()
    backbone = try TinyBackbone.make()
    store = try Store(at: directory.url.appending(path: "store"))
    try store.addTrust(
      TrustedKey(TinyPack.key.publicKey, namespaces: .all), comment: "", at: "2026-01-01T00:00:00Z")
    var ships = try TinyPack("example/ships", topics: [0, 1], backbone: backbone)
    var privacy = try TinyPack(
      "example/privacy", topics: [2, 3], expertCount: 2, backbone: backbone)
    edit(&ships)
    edit(&privacy)
    (self.ships, self.privacy) = (ships, privacy)
    let files = [try archive(ships, "ships"), try archive(privacy, "privacy")]
    _ = try installer().install(files, change())
  }

  func pack(
    _ name: String = "example/new", topics: [Int] = [4, 5], release: Int = 1, expertCount: Int = 1
  ) throws -> TinyPack {
    try TinyPack(
      name, topics: topics, release: release, expertCount: expertCount, backbone: backbone)
  }

  func archive(_ pack: TinyPack, _ name: String = "new") throws -> URL {
    let url = directory.url.appending(path: "\(name).moepack")
    try pack.write(to: url)
    return url
  }

  func installer(progress: @escaping ProgressHandler = { _ in }) -> Installer {
    Installer(store: store, pool: ThreadPool(threads: 2), progress: progress) { [backbone] in
      Installer.Ground(
        backbone: backbone, profile: TinyBackbone.profileDigest, probes: TinyBackbone.probes)
    }
  }

  func change(_ limits: GateLimits = GateLimits()) -> Installer.Change {
    Installer.Change(actor: "tester", time: "2026-01-02T00:00:00Z", limits: limits)
  }

  /// Expects an error with this code, and a store that is as it was.
  @discardableResult
  func expectRefusal(
    _ code: String, _ exitCode: ExitCode = .regression,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) throws -> (any ActionableError)? {
    let before = try store.logicalDigest()
    var refusal: (any ActionableError)?
    do {
      try body()
      Issue.record("expected `\(code)`, got no error", sourceLocation: sourceLocation)
    } catch let error as any ActionableError {
      #expect(
        error.code == code, Comment(rawValue: error.message), sourceLocation: sourceLocation)
      #expect(error.exitCode == exitCode, sourceLocation: sourceLocation)
      refusal = error
    }
    #expect(try store.logicalDigest() == before, sourceLocation: sourceLocation)
    try store.verify().check()
    return refusal
  }
}
