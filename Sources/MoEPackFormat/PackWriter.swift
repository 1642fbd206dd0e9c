public import Foundation
public import MoEBase
import SafeTensors

/// The content of one entry of a pack that is to be written.
public struct PackEntry: Sendable {
  /// Its name.
  public let name: String
  /// Its content.
  public let bytes: [UInt8]

  /// Makes the entry.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// What was written.
public struct PackSummary: Sendable {
  /// The manifest, with entries and tensors filled in.
  public let manifest: Manifest
  /// The pack's digest.
  public let digest: Digest
  /// The size of the archive in bytes.
  public let size: Int
}

/// Writes signed packs.
///
/// The same manifest, entries and keys give the same bytes on the same libraries. Nothing is written
/// that ``UnverifiedPack/verified(by:staging:)`` would refuse for its contents.
public struct PackWriter: Sendable {
  let keys: [SigningKey]

  /// Makes a writer that signs with these keys.
  ///
  /// - Precondition: 1 to 16 keys.
  public init(keys: [SigningKey]) {
    precondition((1...16).contains(keys.count), "a pack has 1 to 16 signatures")
    self.keys = keys
  }

  /// Fills in the manifest's entries and tensors, and checks it as a reader would.
  ///
  /// - Parameters:
  ///   - manifest: Everything but entries and tensors.
  ///   - entries: The content of every entry but the envelope, in any order.
  /// - Returns: The manifest as it will be signed.
  /// - Throws: ``PackVerificationError`` for what a reader would refuse.
  public func completed(
    _ manifest: Manifest, entries: [PackEntry]
  ) throws(PackVerificationError) -> Manifest {
    let name = "\(manifest.pack) \(manifest.version)"
    do throws(PackVerificationError.Reason) {
      return try complete(manifest, Self.ordered(entries, manifest))
    } catch {
      throw PackVerificationError(name, error)
    }
  }

  /// The bytes of the signed archive.
  ///
  /// - Throws: ``PackVerificationError`` for what a reader would refuse.
  public func archive(
    _ manifest: Manifest, entries: [PackEntry]
  ) throws(PackVerificationError) -> [UInt8] {
    try sealed(manifest, entries).bytes
  }

  /// Writes the signed archive through a temporary file beside it, synced, in place of what is there.
  ///
  /// - Throws: ``PackVerificationError`` for what a reader would refuse, and when it cannot be written.
  public func write(
    _ manifest: Manifest, entries: [PackEntry], to url: URL
  ) throws(PackVerificationError) -> PackSummary {
    let (manifest, digest, bytes) = try sealed(manifest, entries)
    do throws(PackVerificationError.Reason) { try Self.replace(url, with: bytes) } catch {
      throw PackVerificationError(url.relativePath, error)
    }
    return PackSummary(manifest: manifest, digest: digest, size: bytes.count)
  }

  private func sealed(
    _ manifest: Manifest, _ entries: [PackEntry]
  ) throws(PackVerificationError) -> (manifest: Manifest, digest: Digest, bytes: [UInt8]) {
    let complete = try completed(manifest, entries: entries)
    let envelope = Envelope(signing: Statement.payload(complete), with: keys)
    let all =
      [PackEntry(name: EntryName.envelope, bytes: envelope.bytes)]
      + Self.ordered(entries, manifest)
    do throws(PackVerificationError.Reason) {
      return (complete, envelope.packDigest, try Self.archive(all))
    } catch {
      throw PackVerificationError("\(manifest.pack) \(manifest.version)", error)
    }
  }

  /// The bytes of an archive with these entries, whatever they are: tar in one zstd frame.
  ///
  /// - Precondition: Every name is allowed (``EntryName/isAllowed(_:)``).
  /// - Throws: ``PackVerificationError/Reason/notWritable(_:cause:isFull:)``.
  public static func archive(
    _ entries: [PackEntry]
  ) throws(PackVerificationError.Reason) -> [UInt8] {
    var tar: [UInt8] = []
    for entry in entries {
      tar.append(contentsOf: TarHeader(name: entry.name, size: entry.bytes.count).bytes)
      tar.append(contentsOf: entry.bytes)
      let padding = TarHeader.padding(after: entry.bytes.count)
      tar.append(contentsOf: repeatElement(0, count: padding))
    }
    tar.append(contentsOf: repeatElement(0, count: 2 * TarHeader.blockSize))
    let result: Result<[UInt8], PackVerificationError.Reason> = tar.withUnsafeBytes { bytes in
      do throws(PackVerificationError.Reason) {
        return .success(try ZstdCompressor.frame(of: bytes))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// The entries in the order of the archive; those the manifest does not expect come last.
  private static func ordered(_ entries: [PackEntry], _ manifest: Manifest) -> [PackEntry] {
    let order = manifest.expectedEntryNames
    func place(_ entry: PackEntry) -> Int {
      order.firstIndex { $0.utf8.elementsEqual(entry.name.utf8) } ?? order.count
    }
    return entries.enumerated()
      .sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
      .map(\.element)
  }

  private func complete(
    _ manifest: Manifest, _ entries: [PackEntry]
  ) throws(PackVerificationError.Reason) -> Manifest {
    var result = manifest
    result.features.sort()
    if let path = result.nonFiniteNumber {
      throw .manifest(path: path, expected: "a finite number", got: "another")
    }
    result.entries = entries.map {
      Manifest.Entry(
        name: $0.name, size: $0.bytes.count, digest: Digest(of: $0.bytes),
        mediaType: EntryName.mediaType(of: $0.name) ?? "")
    }
    result.tensors = Manifest.ordered(try Self.tensors(of: entries))
    do {
      guard try Manifest(json: result.json) == result else {
        throw PackVerificationError.Reason.statement("it does not read back as it was written")
      }
    } catch let error as JSONSchemaError {
      throw .manifest(path: escaped(error.path), expected: error.expected, got: error.got)
    } catch let error as PackVerificationError.Reason {
      throw error
    } catch {
      throw .statement("\(error)")
    }
    if let labels = entries.first(where: { $0.name == EntryName.labels }) {
      _ = try LabelCatalog(checking: labels.bytes, against: result)
    }
    return result
  }

  private static func tensors(
    of entries: [PackEntry]
  ) throws(PackVerificationError.Reason) -> [Manifest.Tensor] {
    do throws(SafeTensorsError) {
      var tensors: [Manifest.Tensor] = []
      for entry in entries where EntryName.holdsTensors(entry.name) {
        let file = try SafeTensorsFile(bytes: entry.bytes, name: entry.name, limits: .pack)
        _ = try file.finiteScan()
        tensors += file.tensors.map {
          Manifest.Tensor(entry: entry.name, name: $0.name, dtype: $0.dtype, shape: $0.shape)
        }
      }
      return tensors
    } catch {
      throw .tensors(error)
    }
  }

  static func replace(
    _ url: URL, with bytes: [UInt8]
  ) throws(PackVerificationError.Reason) {
    let directory = url.deletingLastPathComponent()
    let target = PackVerificationError.Target.archive(directory: directory.path)
    let name = ".\(url.lastPathComponent).\(getpid()).partial"
    let temporary = directory.appendingPathComponent(name, isDirectory: false)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let file = open(temporary.path, flags, 0o644)
    guard file >= 0 else { throw .writeFailed(target) }
    do throws(PackVerificationError.Reason) {
      defer { close(file) }
      var written = 0
      while written < bytes.count {
        let count = bytes.withUnsafeBytes {
          Foundation.write(file, $0.baseAddress?.advanced(by: written), bytes.count - written)
        }
        guard count > 0 || errno == EINTR else { throw .writeFailed(target) }
        written += max(count, 0)
      }
      guard fsync(file) == 0, rename(temporary.path, url.path) == 0 else {
        throw .writeFailed(target)
      }
    } catch {
      unlink(temporary.path)
      throw error
    }
    let parent = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { throw .writeFailed(target) }
    defer { close(parent) }
    guard fsync(parent) == 0 else { throw .writeFailed(target) }
  }
}
