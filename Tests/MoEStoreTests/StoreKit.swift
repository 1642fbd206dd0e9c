import Foundation
import GRDB
import MoEBase
import MoEPackFormat
import MoEStore
import StoreTestSupport
import Testing

/// A directory that goes when its test ends.
final class TemporaryDirectory: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("moe-store-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var store: URL { url.appendingPathComponent("store", isDirectory: true) }
}

/// Makes small packs that are really signed.
struct PackKit {
  let key: SigningKey

  init(seed: UInt8 = 7) throws {
    key = try SigningKey(seed: [UInt8](repeating: seed, count: 32))
  }

  /// The archive of a pack whose weights are `value`.
  func archive(
    _ name: String, version: String = "1.0.0", release: Int = 1, value: Float = 0.5
  ) throws -> [UInt8] {
    try SmallPack(name, version: version, release: release, value: value, key: key).archive
  }

  /// Trusts this kit's key for every namespace.
  func trust(in store: Store) throws {
    try store.addTrust(
      TrustedKey(key.publicKey, namespaces: .all), comment: "test", at: "2026-01-01T00:00:00Z")
  }
}

extension Store {
  /// A store in the directory that trusts the kit, with a short patience.
  static func made(
    in directory: TemporaryDirectory, _ kit: PackKit? = nil,
    fileSystem: any FileSystem = PosixFileSystem()
  ) throws -> Store {
    var options = StoreOptions()
    options.fileSystem = fileSystem
    let store = try Store(at: directory.store, options: options)
    try kit?.trust(in: store)
    return store
  }

  /// Verifies and installs archives in one change.
  @discardableResult
  func install(
    _ archives: [UInt8]..., dryRun isDryRun: Bool = false, allowsDowngrade: Bool = false,
    gate: (StoreTransaction) throws -> Verdict = { _ in .proven() }
  ) throws -> Generation {
    try change(by: "tester", at: "2026-01-02T00:00:00Z", isDryRun: isDryRun) { transaction in
      for archive in archives {
        let pack = try UnverifiedPack(bytes: archive, name: "test.moepack").verified(
          by: transaction.trustRoot(), staging: transaction.makeStagingDirectory())
        try transaction.install(pack, allowsDowngrade: allowsDowngrade)
      }
      return try gate(transaction)
    }
  }

  /// Removes a pack in one change.
  @discardableResult
  func remove(_ name: String) throws -> Generation {
    try change(by: "tester", at: "2026-01-03T00:00:00Z") { transaction in
      try transaction.remove(name)
      return .proven()
    }
  }

  /// Checks the laws that hold after every test: blobs as named, nothing in staging or trash.
  func checkLaws(sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(try verify().findings == [], sourceLocation: sourceLocation)
    for place in ["staging", "trash"] {
      #expect(try names(place) == [], "\(place)", sourceLocation: sourceLocation)
    }
    let active = try active()
    #expect(try activeGenerationID() == active.id, sourceLocation: sourceLocation)
    for pack in active.packs {
      #expect(try pack.manifest().pack == pack.name, sourceLocation: sourceLocation)
    }
  }

  /// The names in one of the store's directories.
  func names(_ place: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: directory.appendingPathComponent(place).path
    ).sorted()
  }

  /// The names of all blob files.
  func blobNames() throws -> [String] {
    let blobs = directory.appendingPathComponent("blobs/sha256").path
    return try FileManager.default.subpathsOfDirectory(atPath: blobs)
      .filter { $0.utf8.count > 3 }.sorted()
  }
}

/// An error of a test's own.
struct Refusal: Error, Equatable {}

/// Runs SQL on a database behind the store's back.
func execute(_ sql: String, on database: URL) throws {
  try DatabaseQueue(path: database.path).writeWithoutTransaction { try $0.execute(sql: sql) }
}
