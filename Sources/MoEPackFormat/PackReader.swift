import Foundation
import MoEBase
import SafeTensors

/// Reads an archive from front to back, once.
final class PackReader {
  private let limits: ArchiveLimits
  private let fileSize: Int
  private var tar: TarReader

  init(_ source: ByteSource, limits: ArchiveLimits) throws(PackVerificationError.Reason) {
    self.limits = limits
    fileSize = source.size
    guard fileSize > 0 else { throw .notAnArchive(got: "an empty file") }
    tar = TarReader(
      try ZstdDecompressor(source, limits: limits), fileSize: source.size, limits: limits)
  }

  /// Reads the first entry, which has to be the envelope.
  func envelope() throws(PackVerificationError.Reason) -> [UInt8] {
    guard let header = try tar.nextHeader() else { throw .noEnvelope(got: "no entry at all") }
    guard header.name.utf8.elementsEqual(EntryName.envelope.utf8) else {
      throw .noEnvelope(got: "`\(header.name)`")
    }
    guard header.size <= limits.envelopeBytes else {
      throw .limit(
        what: "bytes of `\(EntryName.envelope)`", got: header.size, limit: limits.envelopeBytes)
    }
    return try tar.content()
  }

  /// Reads all other entries and holds them to the manifest.
  func contents(
    _ manifest: Manifest, _ digest: Digest, envelope: [UInt8], _ directory: StagingDirectory
  ) throws(PackVerificationError.Reason) -> PackContents {
    try checkLimits(manifest)
    let envelopeURL = try directory.add { write throws(PackVerificationError.Reason) in
      let result: Result<Void, PackVerificationError.Reason> = envelope.withUnsafeBytes { bytes in
        do throws(PackVerificationError.Reason) { return .success(try write(bytes)) } catch {
          return .failure(error)
        }
      }
      try result.get()
    }
    var entries: [StagedEntry] = []
    while let header = try tar.nextHeader() {
      let entry = try expectation(header, manifest, at: entries.count)
      entries.append(try stage(entry, directory))
    }
    if entries.count < manifest.entries.count {
      throw .missingEntry(name: manifest.entries[entries.count].name)
    }
    return PackContents(
      manifest: manifest, digest: digest,
      envelope: StagedEntry(
        name: EntryName.envelope, size: envelope.count, digest: Digest(of: envelope),
        url: envelopeURL),
      entries: entries, labels: try labels(entries, manifest),
      scans: try scans(entries, manifest))
  }

  private func checkLimits(_ manifest: Manifest) throws(PackVerificationError.Reason) {
    guard manifest.entries.count <= limits.entries else {
      throw .limit(what: "entries", got: manifest.entries.count, limit: limits.entries)
    }
    var total = 0
    var tensors = 0
    for entry in manifest.entries {
      // At most 4,096 sizes of at most 8 GiB each: no overflow.
      total += entry.size
      if EntryName.holdsTensors(entry.name) { tensors += entry.size }
    }
    let most = min(limits.totalBytes, limits.expandedBytes(of: fileSize))
    guard total <= most else { throw .limit(what: "bytes in all", got: total, limit: most) }
    let mostTensors = limits.tensorBytes(of: fileSize)
    guard tensors <= mostTensors else {
      throw .limit(what: "bytes of tensors", got: tensors, limit: mostTensors)
    }
  }

  /// The signed entry that has to come at this place.
  private func expectation(
    _ header: TarHeader, _ manifest: Manifest, at index: Int
  ) throws(PackVerificationError.Reason) -> Manifest.Entry {
    let name = header.name
    if index < manifest.entries.count, manifest.entries[index].name.utf8.elementsEqual(name.utf8) {
      let entry = manifest.entries[index]
      guard header.size == entry.size else {
        throw .sizeMismatch(name: name, expected: entry.size, got: header.size)
      }
      return entry
    }
    let before = manifest.entries.prefix(index).map(\.name) + [EntryName.envelope]
    if before.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
      throw .duplicateEntry(name: name)
    }
    let expected =
      index < manifest.entries.count ? "`\(manifest.entries[index].name)`" : "no more entries"
    throw .unexpectedEntry(name: name, expected: expected)
  }

  private func stage(
    _ entry: Manifest.Entry, _ directory: StagingDirectory
  ) throws(PackVerificationError.Reason) -> StagedEntry {
    var builder = DigestBuilder()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    let url = try directory.add { write throws(PackVerificationError.Reason) in
      while true {
        let count = try tar.content(into: buffer)
        guard count > 0 else { break }
        let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        builder.update(bytes: piece)
        try write(piece)
      }
    }
    let digest = builder.finish()
    guard digest == entry.digest else {
      throw .digestMismatch(name: entry.name, expected: entry.digest, got: digest)
    }
    return StagedEntry(name: entry.name, size: entry.size, digest: digest, url: url)
  }

  private func scans(
    _ entries: [StagedEntry], _ manifest: Manifest
  ) throws(PackVerificationError.Reason) -> [EntryScan] {
    do throws(SafeTensorsError) {
      var scans: [EntryScan] = []
      for entry in entries where EntryName.holdsTensors(entry.name) {
        let file = try SafeTensorsFile(url: entry.url, name: entry.name, limits: limits.tensors)
        try file.check(manifest.tensors(in: entry.name))
        scans.append(EntryScan(entry: entry.name, tensors: try file.finiteScan()))
      }
      return scans
    } catch {
      throw .tensors(error)
    }
  }

  private func labels(
    _ entries: [StagedEntry], _ manifest: Manifest
  ) throws(PackVerificationError.Reason) -> LabelCatalog {
    guard let entry = entries.first(where: { $0.name == EntryName.labels }) else {
      throw .missingEntry(name: EntryName.labels)
    }
    guard entry.size <= limits.labelsBytes else {
      throw .limit(
        what: "bytes of `\(EntryName.labels)`", got: entry.size, limit: limits.labelsBytes)
    }
    guard let data = try? Data(contentsOf: entry.url) else {
      throw .notReadable("`\(EntryName.labels)` in the staging directory")
    }
    return try LabelCatalog(checking: Array(data), against: manifest)
  }
}

extension Manifest {
  /// The tensors that an entry has to hold.
  func tensors(in entry: String) -> [ExpectedTensor] {
    tensors.filter { $0.entry.utf8.elementsEqual(entry.utf8) }
      .map { ExpectedTensor($0.name, $0.dtype, $0.shape) }
  }
}

extension LabelCatalog {
  /// Reads `labels.json` and holds it to the manifest.
  init(
    checking bytes: [UInt8], against manifest: Manifest
  ) throws(PackVerificationError.Reason) {
    do {
      self = try LabelCatalog(json: try JSONValue(parsing: bytes, limits: JSONLimits(depth: 4)))
      try check(against: manifest)
    } catch let error as JSONSyntaxError {
      throw .labels("it is not JSON at byte \(error.offset): \(error.reason)")
    } catch let error as JSONSchemaError {
      throw .labels("`\(escaped(error.path))`: expected \(error.expected), got \(error.got)")
    } catch {
      throw .labels("\(error)")
    }
  }
}
