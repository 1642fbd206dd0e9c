import Foundation
import MoEBase
import MoEPackFormat
import Testing

/// A directory of its own for one test, removed when `body` returns.
func withDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("pack-format-\(UUID().uuidString)", isDirectory: true)
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url)
}

/// Why the archive is refused, or `nil`; a refusal leaves no file behind.
func refusal(
  _ bytes: [UInt8], trust: TrustRoot = PackBuilder.trust, limits: ArchiveLimits = ArchiveLimits(),
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> PackVerificationError? {
  try withDirectory { directory in
    do throws(PackVerificationError) {
      _ = try UnverifiedPack(bytes: bytes, name: "x.moepack", limits: limits)
        .verified(by: trust, staging: directory)
      return nil
    } catch {
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(left.isEmpty, "a refusal leaves nothing behind", sourceLocation: sourceLocation)
      return error
    }
  }
}

/// A pack that was accepted, its files read back.
struct Accepted {
  let digest: Digest
  let files: [String: [UInt8]]
  let pack: VerifiedPack
}

func accepted(_ bytes: [UInt8], trust: TrustRoot = PackBuilder.trust) throws -> Accepted {
  try withDirectory { directory in
    let pack = try UnverifiedPack(bytes: bytes, name: "x.moepack")
      .verified(by: trust, staging: directory)
    var files: [String: [UInt8]] = [:]
    for entry in pack.contents.entries {
      files[entry.name] = Array(try Data(contentsOf: entry.url))
    }
    return Accepted(digest: pack.digest, files: files, pack: pack)
  }
}

/// One zstd frame that stores its content in raw blocks, made by hand: window 1 MiB unless told.
func storedFrame(
  _ content: [UInt8], descriptor: UInt8 = 0x04, window: [UInt8] = [0x50],
  checksum: [UInt8]? = nil, blockSize: Int = 128 << 10
) -> [UInt8] {
  var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, descriptor] + window
  var position = 0
  repeat {
    let end = min(content.count, position + blockSize)
    let header = (end - position) << 3 | (end == content.count ? 1 : 0)
    frame += [UInt8(header & 255), UInt8(header >> 8 & 255), UInt8(header >> 16 & 255)]
    frame += content[position..<end]
    position = end
  } while position < content.count
  let sum = content.withUnsafeBytes { xxHash64($0) }
  return frame + (checksum ?? (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0))) })
}

/// A tar archive of these entries, made by hand: `header` may change each header before it is summed.
func tar(
  _ entries: [PackEntry], end: Int = 1024,
  header change: (_ block: inout [UInt8], _ index: Int) -> Void = { _, _ in }
) -> [UInt8] {
  var archive: [UInt8] = []
  for (index, entry) in entries.enumerated() {
    var block = TarHeader(name: "n", size: entry.bytes.count).bytes
    block[0] = 0
    block.replaceSubrange(0..<entry.name.utf8.count, with: Array(entry.name.utf8))
    change(&block, index)
    sum(&block)
    archive += block + entry.bytes
    archive += [UInt8](repeating: 0, count: (512 - entry.bytes.count % 512) % 512)
  }
  return archive + [UInt8](repeating: 0, count: end)
}

/// Puts the checksum of a header right.
func sum(_ block: inout [UInt8]) {
  block.replaceSubrange(148..<156, with: Array("        ".utf8))
  let octal = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
  let digits = String(repeating: "0", count: 6 - octal.utf8.count) + octal
  block.replaceSubrange(148..<156, with: Array(digits.utf8) + [0, 0x20])
}
