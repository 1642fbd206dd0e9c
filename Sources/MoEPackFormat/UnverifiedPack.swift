public import Foundation
import MoEBase

/// A pack as it came, of which nothing is known.
///
/// It becomes a ``VerifiedPack`` by one function, or stays what it is.
public struct UnverifiedPack: Sendable {
  /// What to call it in error sentences.
  public let name: String
  /// What to allow it to be.
  public let limits: ArchiveLimits
  private let origin: Origin

  private enum Origin: Sendable {
    case file(URL)
    case memory([UInt8])
  }

  /// Takes a file; it is opened when it is read.
  public init(url: URL, limits: ArchiveLimits = ArchiveLimits()) {
    name = url.relativePath
    self.limits = limits
    origin = .file(url)
  }

  /// Takes the bytes of an archive.
  public init(bytes: [UInt8], name: String, limits: ArchiveLimits = ArchiveLimits()) {
    self.name = name
    self.limits = limits
    origin = .memory(bytes)
  }

  /// Reads what the pack claims to be; no signature is looked at, nothing but the envelope is read.
  ///
  /// - Throws: ``PackVerificationError``.
  public func inspect() throws(PackVerificationError) -> UnverifiedManifest {
    let (_, envelope, _) = try open()
    return try envelope.unverifiedManifest()
  }

  /// Reads the envelope alone, as it came.
  ///
  /// - Throws: ``PackVerificationError``.
  public func envelope() throws(PackVerificationError) -> Envelope { try open().1 }

  /// Checks the signatures and every digest, and returns the pack as verified.
  ///
  /// The order is fixed, and nothing of the pack is interpreted before it has been covered:
  ///
  /// 1. the first entry is the envelope; its signatures, against `trustRoot`, over its payload's bytes;
  /// 2. the statement and the manifest, read strictly from those same bytes;
  /// 3. the limits, against the sizes that were signed;
  /// 4. each entry in the signed order: its name, its size, its SHA-256, written to `staging` on the way;
  /// 5. the archive's end, the frame's end and the file's end are one;
  /// 6. tensor files: their form, exactly the tensors of the manifest, every value finite; the labels.
  ///
  /// The archive is read once, from front to back.
  ///
  /// - Parameters:
  ///   - trustRoot: The keys this store trusts.
  ///   - staging: An empty directory of the caller's. It then holds the files `0` (the envelope), `1`, …,
  ///     not synced; after an error, none of them.
  /// - Returns: The same pack, accepted as its `assurance` says. This is the only way to make a ``VerifiedPack``.
  /// - Throws: ``PackVerificationError``. The first failure wins, in the order above.
  public func verified(
    by trustRoot: TrustRoot, staging: URL
  ) throws(PackVerificationError) -> VerifiedPack {
    let (bytes, envelope, reader) = try open()
    let verified = try envelope.verifiedManifest(by: trustRoot)
    let contents = try contents(
      verified.manifest, verified.digest, envelope: bytes, reader, staging)
    return VerifiedPack(
      contents: contents, keyIDs: verified.keyIDs, assurance: verified.assurance)
  }

  /// Checks every digest and looks at no signature, for a vendor who tests an own pack.
  ///
  /// All is as in ``verified(by:staging:)`` but the signatures. What comes back cannot be installed.
  ///
  /// - Throws: ``PackVerificationError``.
  public func integrityCheckedIgnoringSignatures(
    staging: URL
  ) throws(PackVerificationError) -> UntrustedPack {
    let (bytes, envelope, reader) = try open()
    let claimed = try envelope.unverifiedManifest()
    let contents = try contents(
      claimed.manifest, claimed.digest, envelope: bytes, reader, staging)
    return UntrustedPack(contents: contents)
  }

  /// Reads the first entry.
  private func open() throws(PackVerificationError) -> ([UInt8], Envelope, PackReader) {
    let reader: PackReader
    let bytes: [UInt8]
    do throws(PackVerificationError.Reason) {
      let source: ByteSource
      switch origin {
      case .file(let url): source = try ByteSource(url: url)
      case .memory(let bytes): source = ByteSource(bytes: bytes)
      }
      reader = try PackReader(source, limits: limits)
      bytes = try reader.envelope()
    } catch {
      throw PackVerificationError(name, error)
    }
    return (bytes, try Envelope(parsing: bytes, archive: name), reader)
  }

  private func contents(
    _ manifest: Manifest, _ digest: Digest, envelope: [UInt8], _ reader: PackReader, _ staging: URL
  ) throws(PackVerificationError) -> PackContents {
    do throws(PackVerificationError.Reason) {
      let directory = try StagingDirectory(staging)
      let contents = try reader.contents(manifest, digest, envelope: envelope, directory)
      directory.keep()
      return contents
    } catch {
      throw PackVerificationError(name, error)
    }
  }
}
