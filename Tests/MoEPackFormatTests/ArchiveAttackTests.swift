import Foundation
import MoEBase
import MoEPackFormat
import SafeTensors
import Testing

/// Archives that lie, each in one way, below the signature.
@Suite struct ArchiveAttackTests {
  private func parts() throws -> [PackEntry] { try PackBuilder().parts() }

  @Test func `not an archive, empty, and cut short anywhere`() throws {
    #expect(try refusal([])?.reason == .notAnArchive(got: "an empty file"))
    #expect(
      try refusal(Array("PK\u{3}\u{4} a zip file".utf8))?.reason == .notAnArchive(got: "504b0304"))
    #expect(try refusal(tar(try parts()))?.code == "pack-not-an-archive")
    let bytes = try PackBuilder().archive()
    for count in Array(stride(from: 1, to: bytes.count, by: 61)) + [bytes.count - 1] {
      #expect(try refusal(Array(bytes[..<count]))?.code == "pack-truncated", "at \(count)")
    }
  }

  @Test func `something after the end is refused, however little or much`() throws {
    let bytes = try PackBuilder().archive()
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
    for tail in [[0], [0x28], skippable, bytes, [UInt8](repeating: 0, count: 1 << 20)] {
      #expect(try refusal(bytes + tail)?.code == "pack-trailing-bytes")
    }
    #expect(try refusal(skippable + bytes)?.code == "pack-not-an-archive")
  }

  @Test func `only one plain kind of frame is taken`() throws {
    let content = tar(try parts())
    #expect(try refusal(storedFrame(content)) == nil)
    #expect(
      try refusal(storedFrame(content, descriptor: 0x00, checksum: []))?.reason
        == .frame(expected: "a content checksum", got: "none"))
    #expect(try refusal(storedFrame(content, checksum: [1, 2, 3, 4]))?.code == "pack-damaged")
    #expect(try refusal(storedFrame(content, descriptor: 0x0C))?.code == "pack-frame")
    #expect(try refusal(storedFrame(content, descriptor: 0x14))?.code == "pack-frame")
    #expect(
      try refusal(storedFrame(content, descriptor: 0x05, window: [0x50, 7]))?.reason
        == .frame(expected: "no dictionary", got: "one"))
    // 2^(10 + 15) = 32 MiB is the largest window, one step more is refused.
    #expect(try refusal(storedFrame(content, window: [0x78])) == nil)
    #expect(try refusal(storedFrame(content, window: [0x79]))?.code == "pack-limit")
    #expect(try refusal(storedFrame(content, window: [0xFF]))?.code == "pack-limit")
    let single = (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
    #expect(try refusal(storedFrame(content, descriptor: 0xA4, window: single)) == nil)
    let huge = [UInt8](repeating: 0xFF, count: 8)
    #expect(
      try refusal(storedFrame(content, descriptor: 0xE4, window: huge))?.code == "pack-limit")
    // Two frames one after the other, each right.
    let half = content.count / 1024 * 512
    let two = storedFrame(Array(content[..<half])) + storedFrame(Array(content[half...]))
    #expect(try refusal(two)?.code == "pack-trailing-bytes")
    // A frame in a frame: libarchive would take off both.
    #expect(
      try refusal(storedFrame(storedFrame(content)))?.reason
        == .frame(expected: "content that is compressed once", got: "another filter in it"))
    // Empty blocks could go on for ever.
    let empty: [UInt8] = [0, 0, 0]
    var padded = storedFrame(content)
    padded.insert(contentsOf: empty, at: 6)
    #expect(try refusal(padded)?.reason == .frame(expected: "no empty block", got: "one"))
    var reserved = storedFrame(content)
    reserved[6] |= 6
    #expect(try refusal(reserved)?.code == "pack-frame")
  }

  @Test func `every typeflag but that of a regular file is refused`() throws {
    let parts = try parts()
    for index in parts.indices {
      for flag in UInt8.min...UInt8.max {
        let archive = storedFrame(tar(parts) { block, at in if at == index { block[156] = flag } })
        let expected: PackVerificationError.Reason? =
          flag == 0x30 ? nil : .notRegular(name: parts[index].name, typeflag: flag)
        #expect(try refusal(archive)?.reason == expected)
      }
    }
  }

  static let hostileNames: [String] = [
    "/etc/passwd", "../x", "a/../../x", "./card.md", "a/./b", "card.md/", "/card.md", "a//b", "",
    ".", "..", ".hidden", "a/.hidden", "-rf", "_x", "Card.md", "CARD.MD", "card.md ", " card.md",
    "card\n.md", "card\t.md", "card\u{7F}.md", "card\u{1B}[31m.md", "c:card.md", "c\\card.md",
    "con:", "card*.md", "card?.md", "~root", "$HOME", "`id`", "a;b", "é.md", "e\u{301}.md",
    "\u{212A}.md", "card\u{200D}.md", "card\u{202E}dm.", "a/b/c/d/e", "a|b", "a'b", "a\"b",
    "%2e%2e",
    "card.md\u{FEFF}", "x@y",
  ]

  @Test(arguments: hostileNames)
  func `a hostile name is refused, first or later`(name: String) throws {
    for index in [0, 3] {
      var parts = try parts()
      parts[index] = PackEntry(name: name, bytes: parts[index].bytes)
      #expect(try refusal(storedFrame(tar(parts)))?.code == "pack-entry-name")
    }
  }

  @Test func `names that are cut at a NUL, prefixed or too long are refused`() throws {
    let parts = try parts()
    func code(_ change: @escaping (inout [UInt8]) -> Void) throws -> String? {
      try refusal(storedFrame(tar(parts) { block, index in if index == 6 { change(&block) } }))?
        .code
    }
    #expect(parts[6].name == "card.md")
    #expect(try code { _ in } == nil)
    #expect(try code { $0[8] = 0x2F } == "pack-entry-name")
    #expect(try code { $0[99] = 0x61 } == "pack-entry-name")
    #expect(try code { $0[345] = 0x61 } == "pack-entry-name")
    #expect(try code { $0[499] = 0x61 } == "pack-entry-name")
    #expect(
      try code { $0.replaceSubrange(0..<100, with: repeatElement(0x61, count: 100)) }
        == "pack-entry-name", "a part has at most 64 bytes")
  }

  @Test func `each other field of a header has one spelling`() throws {
    let parts = try parts()
    func code(_ offset: Int, _ byte: UInt8) throws -> String? {
      try refusal(
        storedFrame(tar(parts) { block, index in if index == 2 { block[offset] = byte } }))?.code
    }
    let offsets = [
      100, 106, 107, 108, 115, 116, 123, 135, 136, 147, 157, 256, 257, 262, 263, 264, 265, 296, 297,
      328, 329, 336, 337, 344, 500, 511,
    ]
    for offset in offsets { #expect(try code(offset, 0x37) == "pack-header", "offset \(offset)") }
    for byte: UInt8 in [0x20, 0x2D, 0x80, 0xFF, 0x38, 0x00] {
      #expect(try code(124, byte) == "pack-header", "a size that starts with \(byte)")
    }
    let noDevices = tar(parts) { block, _ in
      block.replaceSubrange(329..<345, with: repeatElement(0, count: 16))
    }
    #expect(try refusal(storedFrame(noDevices)) == nil, "no devices may also be spelled by NULs")
    var badSum = tar(parts)
    badSum[148] = 0x37
    #expect(try refusal(storedFrame(badSum))?.code == "pack-header")
    var badPadding = tar(parts)
    badPadding[512 + parts[0].bytes.count] = 1
    #expect(try refusal(storedFrame(badPadding))?.code == "pack-header")
  }

  @Test func `an entry extra, missing, twice, out of order or of another size is refused`() throws {
    let parts = try parts()
    func reason(_ parts: [PackEntry]) throws -> PackVerificationError.Reason? {
      try refusal(try PackWriter.archive(parts))?.reason
    }
    let extra = PackEntry(name: "readme.txt", bytes: [1])
    #expect(
      try reason(parts + [extra])
        == .unexpectedEntry(name: "readme.txt", expected: "no more entries"))
    #expect(
      try reason([parts[0], extra] + parts[1...])
        == .unexpectedEntry(name: "readme.txt", expected: "`experts.safetensors`"))
    #expect(try reason([extra] + parts) == .noEnvelope(got: "`readme.txt`"))
    #expect(try reason([]) == .noEnvelope(got: "no entry at all"))
    #expect(try reason(Array(parts.dropLast())) == .missingEntry(name: "license"))
    #expect(try reason([parts[0]]) == .missingEntry(name: "experts.safetensors"))
    #expect(try reason(parts + [parts[3]]) == .duplicateEntry(name: parts[3].name))
    #expect(try reason(parts + [parts[0]]) == .duplicateEntry(name: "moepack.dsse"))
    #expect(
      try reason([parts[0], parts[2], parts[1]] + parts[3...])
        == .unexpectedEntry(name: parts[2].name, expected: "`\(parts[1].name)`"))
    var longer = parts
    longer[6] = PackEntry(name: parts[6].name, bytes: parts[6].bytes + [0x0A])
    #expect(
      try reason(longer)
        == .sizeMismatch(name: "card.md", expected: 8, got: 9))
    var other = parts
    other[6] = PackEntry(name: parts[6].name, bytes: Array("# Shops\n".utf8))
    #expect(
      try reason(other)
        == .digestMismatch(
          name: "card.md", expected: Digest(of: parts[6].bytes), got: Digest(of: other[6].bytes)))
  }

  @Test func `limits an operator lowers are held`() throws {
    let bytes = try PackBuilder().archive()
    func code(_ change: (inout ArchiveLimits) -> Void) throws -> String? {
      var limits = ArchiveLimits()
      change(&limits)
      return try refusal(bytes, limits: limits)?.code
    }
    #expect(try code { _ in } == nil)
    #expect(try code { $0.entries = 6 } == "pack-limit")
    #expect(try code { $0.entries = 7 } == nil)
    #expect(try code { $0.totalBytes = 1000 } == "pack-limit")
    #expect(try code { $0.envelopeBytes = 100 } == "pack-limit")
    #expect(try code { $0.windowBytes = 1024 } == "pack-limit")
    #expect(
      try code {
        $0.expansionFloorBytes = 1000
        $0.expansionFactor = 1
      } == "pack-limit")
    #expect(
      try code {
        $0.tensorsFloorBytes = 0
        $0.tensorsFactor = 0
      } == "pack-limit")
    #expect(try code { $0.tensors.tensors = 1 } == "pack-tensors")
  }

  @Test func `a bomb in front of the signature is refused before it goes off`() throws {
    // A header that claims 8 GiB less a byte, and 1 GiB of zeros in run-length blocks behind it.
    let header = TarHeader(name: EntryName.envelope, size: TarHeader.largestSize).bytes
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x78]
    let first = header.count << 3
    frame += [UInt8(first & 255), UInt8(first >> 8 & 255), 0] + header
    let run = (128 << 10) << 3 | 1 << 1
    for _ in 0..<8192 {
      frame += [UInt8(run & 255), UInt8(run >> 8 & 255), UInt8(run >> 16 & 255), 0]
    }
    frame += [1, 0, 0, 0, 0, 0, 0]
    let clock = ContinuousClock()
    var code: String?
    let time = try clock.measure { code = try refusal(frame)?.code }
    #expect(code == "pack-limit")
    #expect(time < .seconds(1))
    // Zeros from the first byte on: an archive that ends at once, and goes on.
    var zeros: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x78]
    for _ in 0..<8192 {
      zeros += [UInt8(run & 255), UInt8(run >> 8 & 255), UInt8(run >> 16 & 255), 0]
    }
    zeros += [1, 0, 0, 0, 0, 0, 0]
    #expect(try refusal(zeros)?.code == "pack-header")
  }

  @Test func `what is no regular file, or not there, is refused as such`() throws {
    try withDirectory { directory in
      func refusal(_ url: URL) -> PackVerificationError? {
        do throws(PackVerificationError) {
          _ = try UnverifiedPack(url: url).inspect()
          return nil
        } catch { return error }
      }
      try #require(mkfifo(directory.appendingPathComponent("pipe").path, 0o600) == 0)
      for (name, reason, code, exitCode) in [
        ("none.moepack", .notFound, "pack-not-found", .notFound),
        (".", .notAFile(got: "a directory"), "pack-not-readable", .badData),
        ("pipe", .notAFile(got: "a pipe"), "pack-not-readable", .badData),
        ("/dev/null", .notAFile(got: "a device"), "pack-not-readable", .badData),
      ] as [(String, PackVerificationError.Reason, String, ExitCode)] {
        let url = URL(fileURLWithPath: name, relativeTo: directory)
        let error = refusal(url)
        #expect(error?.reason == reason && error?.code == code && error?.exitCode == exitCode)
        #expect(error?.archive == url.relativePath)
      }
    }
  }

  @Test func `xxHash64 gives the published values`() {
    func hash(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBytes { xxHash64($0) } }
    #expect(hash("") == 0xEF46_DB37_51D8_E999)
    #expect(hash("a") == 0xD24E_C4F1_A98C_6E5B)
    #expect(hash("abc") == 0x44BC_2CF5_AD77_0999)
    #expect(hash("xxhash") == 0x32DD_38952C4B_C720)
    #expect(hash("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
  }
}
