public import Foundation
import GRDB
import MoEBase
import MoEPackFormat

/// A directory of installed packs: blobs named by their digests, and an index that says which
/// generation of packs is active.
///
/// Reading takes no lock and works on a read-only mount. Every change is made under the store's lock
/// by ``change(by:at:isDryRun:_:)``, and is all or nothing through a crash or a power cut. All calls
/// block; none is `async`.
public final class Store: Sendable {
  /// How a store is to be opened.
  public enum Access: Sendable {
    /// For reading and writing where the directory allows it, else for reading.
    case automatic
    /// For reading.
    case readOnly
  }

  /// The store directory.
  public let directory: URL
  /// Whether it was opened for reading alone.
  public let isReadOnly: Bool

  let layout: StoreLayout
  let options: StoreOptions
  let queue: DatabaseQueue

  /// Opens the store in `directory`, and makes one (mode 0700) where nothing or an empty directory is.
  ///
  /// - Throws: ``StoreError``: not a store, newer than this program, lost its index, locked while it
  ///   had to be made, or not accessible.
  public init(
    at directory: URL, access: Access = .automatic, options: StoreOptions = StoreOptions()
  ) throws {
    let layout = StoreLayout(root: directory.standardizedFileURL.path)
    self.directory = directory
    self.layout = layout
    self.options = options
    (queue, isReadOnly) = try StoreError.translating(layout, .reading) {
      let isWritable = access == .automatic && Self.isWritable(layout)
      let hasDatabase = try Self.hasDatabase(layout)
      if !hasDatabase {
        guard access == .automatic else {
          throw StoreError.notAStore(path: layout.root, reason: "there is no store.sqlite in it")
        }
        try Self.makeDirectories(layout, options)
      }
      let queue = try StoreSchema.open(layout, isReadOnly: hasDatabase && !isWritable)
      let version = try StoreSchema.checkedVersion(queue, layout)
      if version < StoreSchema.version {
        // Blobs come after the tables: an empty index beside them is one that was lost.
        if version == 0, Self.holdsBlobs(layout), try StoreSchema.checkedVersion(queue, layout) == 0
        {
          throw StoreError.databaseLost(store: layout.root)
        }
        guard isWritable || !hasDatabase else {
          throw StoreError.olderSchemaReadOnly(
            store: layout.root, found: version, known: StoreSchema.version)
        }
        try Self.makeDirectories(layout, options)
        let lock = try StoreLock(layout, options: options)
        defer { lock.release() }
        if try StoreSchema.checkedVersion(queue, layout) < StoreSchema.version {
          try StoreSchema.migrate(queue)
        }
      }
      return (queue, hasDatabase && !isWritable)
    }
  }

  // MARK: - Reading

  /// The active generation.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func active() throws -> Generation {
    try read { index in
      guard let generation = try index.generation(try index.activeID()) else {
        throw StoreError.corrupt(["`\(layout.database)`: no active generation"])
      }
      return generation
    }
  }

  /// The number of the active generation.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func activeGenerationID() throws -> Int { try read { try $0.activeID() } }

  /// The generation of that number, with its packs.
  ///
  /// - Throws: ``StoreError/noGeneration(id:newest:)`` or
  ///   ``StoreError/generationDropped(id:oldestKept:)``.
  public func generation(_ id: Int) throws -> Generation { try read { try $0.kept(id) } }

  /// The newest generations, or all, oldest first; those `gc` has let go of come without their packs.
  ///
  /// - Parameters:
  ///   - limit: The most of them; all where it is `nil`.
  ///   - isMeasured: Whether only those count that a regression suite reported on.
  /// - Returns: The generations.
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func history(newest limit: Int? = nil, isMeasured: Bool = false) throws -> [Generation] {
    try read { try $0.history(newest: limit, isMeasured: isMeasured) }
  }

  /// The pack of that name in the active generation, compared byte by byte.
  ///
  /// - Throws: ``StoreError/notInstalled(name:nearest:)``.
  public func installedPack(named name: String) throws -> InstalledPack {
    try Self.pack(named: name, in: try active().packs)
  }

  /// The trusted keys, ordered by key id and namespaces.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func trustRecords() throws -> [TrustRecord] { try read { try $0.trustRecords() } }

  // MARK: - Inside

  func read<Result>(_ body: (StoreIndex) throws -> Result) throws -> Result {
    try StoreError.translating(layout, .reading) {
      try queue.read { try body(StoreIndex(database: $0, layout: layout)) }
    }
  }

  func write<Result>(_ body: (StoreIndex) throws -> Result) throws -> Result {
    try queue.write { try body(StoreIndex(database: $0, layout: layout)) }
  }

  /// Runs `body` under the lock, after what dead processes left has been put in order.
  func whileLocked<Result>(_ body: (Recovery) throws -> Result) throws -> Result {
    guard !isReadOnly else { throw StoreError.readOnly(store: layout.root) }
    return try StoreError.translating(layout, .unchanged) {
      let lock = try StoreLock(layout, options: options)
      defer { lock.release() }
      return try body(try recoverUnderLock())
    }
  }

  static func pack(named name: String, in packs: [InstalledPack]) throws -> InstalledPack {
    if let pack = packs.first(where: { $0.name.description.utf8.elementsEqual(name.utf8) }) {
      return pack
    }
    let names = packs.map(\.name.description)
    throw StoreError.notInstalled(name: name, nearest: nearestName(to: name, among: names))
  }

  private static func hasDatabase(_ layout: StoreLayout) throws -> Bool {
    var status = stat()
    guard stat(layout.root, &status) == 0 else {
      let number = errno
      if number == ENOENT { return false }
      throw number == ENOTDIR
        ? StoreError.notAStore(path: layout.root, reason: "expected a directory")
        : FileSystemError("look at", layout.root, number)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw StoreError.notAStore(path: layout.root, reason: "expected a directory, got a file")
    }
    if try FileStatus(layout.database) != nil { return true }
    if let reason = try foreignContents(layout) {
      // Another process may have made the store since.
      if try FileStatus(layout.database) != nil { return true }
      throw reason
    }
    return false
  }

  /// Why a directory without an index must not become a store; `nil` when it may.
  private static func foreignContents(_ layout: StoreLayout) throws -> StoreError? {
    if let other = try directoryNames(layout.root).first(where: { !layout.owns($0) }) {
      let name = StoreError.printable(other)
      return .notAStore(
        path: layout.root, reason: "it holds other files (`\(name)`) and no store.sqlite")
    }
    return holdsBlobs(layout) ? .databaseLost(store: layout.root) : nil
  }

  /// Whether files lie where blobs do.
  static func holdsBlobs(_ layout: StoreLayout) -> Bool {
    let shards = try? BlobDirectory(layout: layout, files: PosixFileSystem()).shardNames()
    return shards?.contains { shard in
      (try? directoryNames("\(layout.shards)/\(shard)"))?.isEmpty == false
    } ?? false
  }

  private static func isWritable(_ layout: StoreLayout) -> Bool {
    access(layout.root, W_OK | X_OK) == 0
      && (access(layout.database, W_OK) == 0 || errno == ENOENT)
  }

  /// Makes what is missing of the directories, and brings their names to the disk.
  private static func makeDirectories(_ layout: StoreLayout, _ options: StoreOptions) throws {
    let files = options.fileSystem
    var missing: [String] = []
    var path = layout.root
    while access(path, F_OK) != 0, path != "/", !path.isEmpty {
      missing.insert(path, at: 0)
      path = URL(fileURLWithPath: path).deletingLastPathComponent().path
    }
    for path in missing {
      try files.ensureDirectory(path)
      try files.synchronizeDirectory(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }
    for path in layout.directories.dropFirst() { try files.ensureDirectory(path) }
    for path in layout.directories.reversed() { try files.synchronizeDirectory(path) }
  }
}

extension StoreIndex {
  /// The generation of that number, with its packs.
  func kept(_ id: Int) throws -> Generation {
    guard let generation = try generation(id) else {
      throw StoreError.noGeneration(id: id, newest: try activeID())
    }
    guard generation.isKept else {
      throw StoreError.generationDropped(id: id, oldestKept: try oldestKeptID())
    }
    return generation
  }
}
