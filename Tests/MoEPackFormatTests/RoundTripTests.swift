import Foundation
import MoEBase
import MoEPackFormat
import SafeTensors
import Testing

@Suite struct RoundTripTests {
  @Test func `a pack that was written is verified, entry for entry`() throws {
    let builder = PackBuilder()
    let result = try accepted(try builder.archive())
    #expect(result.files.count == builder.entries.count)
    for entry in builder.entries { #expect(result.files[entry.name] == entry.bytes) }
    let manifest = try builder.completed()
    #expect(result.pack.manifest == manifest)
    #expect(result.digest == Digest(of: try builder.payload(manifest)))
    #expect(result.pack.keyIDs == [PackBuilder.vendor.publicKey.id])
    #expect(
      result.pack.contents.entries.map(\.name) == [
        "experts.safetensors", "router.safetensors", "heads.safetensors", "labels.json",
        "evals/issue.jsonl", "card.md", "license",
      ])
    #expect(result.pack.contents.labels["issue", "arrest"]?.title == "Arrest of a ship")
    #expect(result.pack.contents.scans.map(\.entry).count == 3)
    #expect(result.pack.contents.scans.allSatisfy { $0.tensors.allSatisfy(\.isFinite) })
  }

  @Test func `the same input gives the same bytes, whatever the order of entries`() throws {
    let first = try PackBuilder().archive()
    var builder = PackBuilder()
    builder.entries.reverse()
    #expect(try builder.archive() == first)
    #expect(try PackBuilder().archive() == first)
  }

  @Test func `the writer's statement and tar are the ones made by hand`() throws {
    let builder = PackBuilder()
    let parts = try builder.parts()
    let byHand = tar(parts).withUnsafeBytes { bytes in try? ZstdCompressor.frame(of: bytes) }
    #expect(byHand == (try builder.archive()))
    #expect(try accepted(storedFrame(tar(parts))).digest == accepted(builder.archive()).digest)
  }

  @Test func `the archive is one zstd frame with a content checksum and a window under 32 MiB`()
    throws
  {
    let bytes = try PackBuilder().archive()
    #expect(bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]))
    #expect(bytes[4] & 0x04 != 0)
    #expect(bytes[4] & 0x03 == 0)
    if bytes[4] & 0x20 == 0 { #expect(bytes[5] >> 3 <= 15, "2^(10+15) is 32 MiB") }
  }

  @Test func `files are written, replaced and read, and staged under numbers`() throws {
    try withDirectory { directory in
      let url = directory.appendingPathComponent("ships.moepack")
      let builder = PackBuilder()
      try Data("old".utf8).write(to: url)
      let summary = try PackWriter(keys: builder.keys)
        .write(builder.manifest, entries: builder.entries, to: url)
      #expect(Array(try Data(contentsOf: url)) == (try builder.archive()))
      #expect(summary.size == (try builder.archive().count))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
      let staging = directory.appendingPathComponent("staging")
      try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: false)
      let pack = try UnverifiedPack(url: url).verified(by: PackBuilder.trust, staging: staging)
      #expect(pack.digest == summary.digest)
      #expect(
        Set(try FileManager.default.contentsOfDirectory(atPath: staging.path))
          == ["0", "1", "2", "3", "4", "5", "6", "7"])
      let envelope = Array(try Data(contentsOf: pack.contents.envelope.url))
      let again = try Envelope(parsing: envelope, archive: "blob")
      #expect(try again.verifiedManifest(by: PackBuilder.trust).digest == pack.digest)
      #expect(pack.contents.envelope.digest == Digest(of: envelope))
      #expect(throws: PackVerificationError.self) {
        try UnverifiedPack(url: url).verified(by: PackBuilder.trust, staging: staging)
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: staging.path).count == 8,
        "a directory that is not empty is refused, and what lay in it is left alone")
    }
  }

  @Test func `inspection trusts nothing and needs no key`() throws {
    var builder = PackBuilder()
    builder.keys = [PackBuilder.stranger]
    let claimed = try UnverifiedPack(bytes: try builder.archive(), name: "x").inspect()
    #expect(claimed.manifest.pack.description == "example/ships")
    #expect(claimed.keyIDClaims == [PackBuilder.stranger.publicKey.id.description])
    let whole = try withDirectory { directory in
      try UnverifiedPack(bytes: try builder.archive(), name: "x")
        .integrityCheckedIgnoringSignatures(staging: directory).contents.digest
    }
    #expect(whole == claimed.digest)
  }

  @Test func `a pack without experts has no expert file`() throws {
    var builder = PackBuilder()
    builder.manifest.experts = nil
    builder.entries.removeAll { $0.name == EntryName.experts }
    var writer = SafeTensorsWriter()
    let expected = builder.manifest.expectedTensors(
      width: PackBuilder.width, featureWidth: PackBuilder.featureWidth)
    for tensor in expected where tensor.entry == EntryName.router {
      writer.add(
        tensor.name, shape: tensor.shape,
        floats: [Float](repeating: 0.5, count: tensor.shape.reduce(1, *)))
    }
    builder.replace(PackEntry(name: EntryName.router, bytes: writer.bytes()))
    #expect(try accepted(try builder.archive()).pack.manifest.experts == nil)
  }

  @Test
  func `zeros up to a multiple of 10240 bytes may follow the end, as other writers leave them`()
    throws
  {
    let parts = try PackBuilder().parts()
    let plain = tar(parts)
    let filler = (10_240 - plain.count % 10_240) % 10_240
    for blocks in 0...42 {
      let archive = plain + [UInt8](repeating: 0, count: blocks * 512)
      let isTaken = blocks == 0 || blocks * 512 == filler
      #expect(try refusal(storedFrame(archive))?.code == (isTaken ? nil : "pack-header"))
    }
    #expect(try refusal(storedFrame(plain.dropLast(512)))?.code == "pack-header")
    #expect(try refusal(storedFrame(plain.dropLast(1024)))?.code == "pack-header")
    #expect(try refusal(storedFrame(Array(plain.dropLast()) + [1]))?.code == "pack-header")
  }

  @Test func `what the reader would refuse is not written`() throws {
    func refused(_ change: (inout PackBuilder) -> Void) -> String? {
      var builder = PackBuilder()
      change(&builder)
      do throws(PackVerificationError) {
        _ = try PackWriter(keys: builder.keys).archive(builder.manifest, entries: builder.entries)
        return nil
      } catch { return error.code }
    }
    #expect(refused { $0.manifest.release = 0 } == "pack-manifest")
    #expect(refused { $0.manifest.dispatcher.threshold = .nan } == "pack-manifest")
    #expect(refused { $0.manifest.tasks[0].labels.removeLast() } == "pack-manifest")
    #expect(refused { $0.entries.removeFirst() } == "pack-manifest")
    #expect(refused { $0.entries.append($0.entries[0]) } == "pack-manifest")
    #expect(refused { $0.entries.append(PackEntry(name: "x.sh", bytes: [])) } == "pack-manifest")
    #expect(refused { $0.manifest.provenance.seed = .max } == "pack-manifest")
    #expect(
      refused { $0.replace(PackEntry(name: EntryName.heads, bytes: [1, 2, 3])) } == "pack-tensors")
    #expect(
      refused {
        $0.replace(PackBuilder.tensors(EntryName.heads) { values, _ in values[0] = .infinity })
      } == "pack-non-finite")
    #expect(
      refused { $0.replace(PackEntry(name: EntryName.labels, bytes: Array("{".utf8))) }
        == "pack-labels")
  }
}
