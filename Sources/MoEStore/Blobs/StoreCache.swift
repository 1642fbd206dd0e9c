public import Foundation
public import MoEBase

/// What was computed of texts and packs and can be computed again: files beside the blobs.
///
/// ```
/// cache/texts-<64 hex>/<name>     of the texts of one eval set, named by the digest of its bytes
/// cache/probes-<64 hex>/<name>    of the neutral texts of a profile
/// ```
///
/// Each file begins with the SHA-256 of its place and its contents: one that was damaged, moved or torn is as
/// good as none. Nothing here is part of what the store means; a file that cannot be written is left out.
public struct StoreCache: Sendable {
  /// Which texts something was computed of.
  public enum Texts: Hashable, Sendable {
    /// An eval set; the digest of its bytes.
    case evaluation(Digest)
    /// Neutral texts; the digest over them.
    case probes(Digest)

    fileprivate var directoryName: String {
      switch self {
      case .evaluation(let digest): "texts-\(digest.hex)"
      case .probes(let digest): "probes-\(digest.hex)"
      }
    }
  }

  private let root: String
  private static let headerBytes = 32

  init(root: String) { self.root = root }

  /// Reads what was kept under a name; `nil` where it is not there or not whole.
  ///
  /// - Parameters:
  ///   - name: Lower-case letters, digits and hyphens.
  ///   - texts: Which texts it is about.
  ///   - version: What else it depends on: other versions are not found.
  /// - Returns: What was written.
  public func read(_ name: String, of texts: Texts, version: String) -> Data? {
    let path = "\(root)/\(texts.directoryName)/\(name)"
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped),
      data.count >= Self.headerBytes
    else { return nil }
    let contents = data.dropFirst(Self.headerBytes)
    let expected = Self.digest(contents, name, texts, version)
    return data.prefix(Self.headerBytes).elementsEqual(expected.bytes) ? contents : nil
  }

  /// Keeps something, as far as the disk lets it.
  public func write(_ contents: Data, as name: String, of texts: Texts, version: String) {
    let directory = "\(root)/\(texts.directoryName)"
    let file = Data(Self.digest(contents, name, texts, version).bytes) + contents
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    // A rename takes its place: whoever has the old file mapped keeps it. Nothing is synchronized: a file
    // that a power cut tears is as good as none.
    let partial = "\(directory)/\(name).\(getpid())"
    guard (try? file.write(to: URL(fileURLWithPath: partial))) != nil,
      Foundation.rename(partial, "\(directory)/\(name)") == 0
    else {
      unlink(partial)
      return
    }
  }

  private static func digest(
    _ contents: Data, _ name: String, _ texts: Texts, _ version: String
  ) -> Digest {
    var builder = DigestBuilder()
    for word in [version, texts.directoryName, name] { builder.update(text: word) }
    builder.update(contents)
    return builder.finish()
  }

  /// Removes what is of no pack and no texts that are kept; of probes the newest stay.
  ///
  /// - Parameters:
  ///   - texts: The eval sets that are kept.
  ///   - packs: The packs that are kept.
  ///   - files: What removes.
  /// - Throws: What the disk refuses.
  func prune(
    keeping texts: Set<Digest>, packs: Set<Digest>, files: any FileSystem
  ) throws(FileSystemError) {
    guard access(root, F_OK) == 0 else { return }
    let kept = Set(texts.map { Texts.evaluation($0).directoryName })
    let names = Set(packs.map(\.hex))
    var probes: [(path: String, modifiedAt: Int)] = []
    for directory in try directoryNames(root) {
      let path = "\(root)/\(directory)"
      let isOfProbes = directory.hasPrefix("probes-") && !packs.isEmpty
      guard isOfProbes || kept.contains(directory) else {
        try files.removeTree(path)
        continue
      }
      for name in try directoryNames(path) where name != Self.features && !names.contains(name) {
        try files.removeTree("\(path)/\(name)")
      }
      if isOfProbes { probes.append((path, Self.modificationTime(path))) }
    }
    for old in probes.sorted(by: { $0.modifiedAt < $1.modifiedAt }).dropLast() {
      try files.removeTree(old.path)
    }
  }

  /// The name of what is kept of texts without any pack.
  public static let features = "features"

  private static func modificationTime(_ path: String) -> Int {
    var status = stat()
    guard lstat(path, &status) == 0 else { return 0 }
    #if canImport(Darwin)
      return status.st_mtimespec.tv_sec
    #else
      return status.st_mtim.tv_sec
    #endif
  }
}

extension Store {
  /// What was computed of this store's texts and packs.
  public var cache: StoreCache { StoreCache(root: layout.cache) }
}
