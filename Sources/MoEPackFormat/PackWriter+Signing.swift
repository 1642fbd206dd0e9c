public import Foundation
import MoEBase

extension PackWriter {
  /// Adds the signatures of these keys to a pack that exists; its digest stays what it is.
  ///
  /// The content is held to the signed list first; whose signatures the pack has does not matter.
  ///
  /// - Parameters:
  ///   - pack: The pack.
  ///   - staging: An empty directory of the caller's, which then holds the unpacked entries.
  ///   - url: Where to write the archive; it may be the pack's own file.
  /// - Returns: What was written.
  /// - Throws: ``PackVerificationError``.
  public func sign(
    _ pack: UnverifiedPack, staging: URL, to url: URL
  ) throws(PackVerificationError) -> PackSummary {
    let contents = try pack.integrityCheckedIgnoringSignatures(staging: staging).contents
    let envelope: [UInt8]
    do throws(PackVerificationError.Reason) { envelope = try contents.envelope.bytes() } catch {
      throw PackVerificationError(pack.name, error)
    }
    let signed = try Envelope(parsing: envelope, archive: pack.name).signed(by: keys)
    do throws(PackVerificationError.Reason) {
      var entries = [PackEntry(name: EntryName.envelope, bytes: signed.bytes)]
      for entry in contents.entries {
        entries.append(PackEntry(name: entry.name, bytes: try entry.bytes()))
      }
      let archive = try Self.archive(entries)
      try Self.replace(url, with: archive)
      return PackSummary(
        manifest: contents.manifest, digest: contents.digest, size: archive.count)
    } catch {
      throw PackVerificationError(pack.name, error)
    }
  }
}

extension StagedEntry {
  /// The content, held to the entry's digest once more.
  fileprivate func bytes() throws(PackVerificationError.Reason) -> [UInt8] {
    let bytes = try ByteSource(url: url).content(atMost: size)
    let got = Digest(of: bytes)
    guard got == digest else { throw .digestMismatch(name: name, expected: digest, got: got) }
    return bytes
  }
}
