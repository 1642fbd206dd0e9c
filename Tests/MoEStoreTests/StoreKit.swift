import Foundation
import GRDB
import MoEBase
import MoEPackFormat
import MoEStore
import SafeTensors
import Synchronization
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
    let featureWidth = 4
    let labels = ["first", "second"]
    let manifest = Manifest(
      pack: try #require(PackName(name)), version: try #require(SemanticVersion(version)),
      release: release, summary: "A pack for tests", license: "Apache-2.0",
      about: .init(languages: ["en"], jurisdictions: ["SG"], asOf: "2026-01-01"),
      backbone: .init(name: "tiny", digest: Digest(of: [1])), tokenizer: Digest(of: [2]),
      profile: Digest(of: [3]), experts: nil, tasks: [.init(name: "issue", labels: labels)],
      evals: [
        .init(
          name: "issue", task: "issue", value: 1, floor: 0.5, tolerance: 0, examples: 1, none: 0,
          routing: .init(ownSelected: 1, noneSelected: nil, auroc: nil))
      ],
      dispatcher: .init(
        rows: 2, threshold: 0, temperature: 1,
        calibration: .init(
          ownRecall: 1, falseActivation: 0, ownExamples: 1, negativeExamples: 1)),
      provenance: .init(
        trainer: "test 1", seed: 1, cpuClass: "any", kernels: "any", data: [],
        settings: .object([])))
    var router = SafeTensorsWriter()
    router.add(
      TensorName.dispatcherWeight, shape: [2, featureWidth],
      floats: [Float](repeating: value, count: 2 * featureWidth))
    router.add(TensorName.dispatcherBias, shape: [2], floats: [value, value])
    router.add(TensorName.dispatcherPrior, shape: [2], floats: [0.5, 0.5])
    var heads = SafeTensorsWriter()
    heads.add(
      TensorName.headWeight(task: "issue"), shape: [2, featureWidth],
      floats: [Float](repeating: 1, count: 2 * featureWidth))
    heads.add(TensorName.headBias(task: "issue"), shape: [2], floats: [0, 0])
    return try PackWriter(keys: [key]).archive(
      manifest,
      entries: [
        PackEntry(name: EntryName.router, bytes: router.bytes()),
        PackEntry(name: EntryName.heads, bytes: heads.bytes()),
        PackEntry(name: EntryName.labels, bytes: LabelCatalog().bytes),
        PackEntry(
          name: EntryName.evaluation("issue"),
          bytes: Array(#"{"text": "a", "label": "first"}"#.utf8) + [0x0A]),
        PackEntry(name: EntryName.card, bytes: Array("# \(name)\n".utf8)),
        PackEntry(name: EntryName.license, bytes: Array("Apache-2.0\n".utf8)),
      ])
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

/// The real file system, until a call number that fails, or ends the process.
final class FaultyFileSystem: FileSystem {
  enum Fault: Sendable {
    /// The calls of these numbers fail with an `errno`.
    case failure(ClosedRange<Int>, Int32)
    /// The process is killed just before this call.
    case kill(Int)
  }

  private let real = PosixFileSystem()
  private let calls = Mutex(0)
  private let fault = Mutex<Fault?>(nil)

  /// How many calls were made since the fault was set.
  var count: Int { calls.withLock { $0 } }

  /// Sets the fault and begins to count at 1.
  func set(_ fault: Fault?) {
    self.fault.withLock { $0 = fault }
    calls.withLock { $0 = 0 }
  }

  private func step(_ operation: String, _ path: String) throws(FileSystemError) {
    let number = calls.withLock { count in
      count += 1
      return count
    }
    switch fault.withLock({ $0 }) {
    case .failure(let range, let code) where range.contains(number):
      throw FileSystemError(operation, path, code)
    case .kill(number): kill(getpid(), SIGKILL)
    default: break
    }
  }

  func makeDirectory(_ path: String, mode: mode_t) throws(FileSystemError) {
    try step("make the directory", path)
    try real.makeDirectory(path, mode: mode)
  }
  func synchronizeFile(_ path: String) throws(FileSystemError) {
    try step("synchronize", path)
    try real.synchronizeFile(path)
  }
  func synchronizeDirectory(_ path: String) throws(FileSystemError) {
    try step("synchronize", path)
    try real.synchronizeDirectory(path)
  }
  func rename(_ source: String, to destination: String) throws(FileSystemError) {
    try step("move", destination)
    try real.rename(source, to: destination)
  }
  func removeFile(_ path: String) throws(FileSystemError) {
    try step("remove", path)
    try real.removeFile(path)
  }
  func removeDirectory(_ path: String) throws(FileSystemError) {
    try step("remove the directory", path)
    try real.removeDirectory(path)
  }
  func setMode(_ path: String, _ mode: mode_t) throws(FileSystemError) {
    try step("set the mode of", path)
    try real.setMode(path, mode)
  }
}

/// An error of a test's own.
struct Refusal: Error, Equatable {}

/// Runs SQL on a database behind the store's back.
func execute(_ sql: String, on database: URL) throws {
  try DatabaseQueue(path: database.path).writeWithoutTransaction { try $0.execute(sql: sql) }
}
