import Foundation
import MoEBase
import MoEPackFormat
import StoreTestSupport

extension FuzzTarget {
  /// The archive reader.
  ///
  /// The first byte says what the rest is: an archive as it comes; the tar within a
  /// frame that is whole; or content for the entries of a signed pack, one after the other.
  public static let archive = FuzzTarget(
    name: "archive", largestInput: 16 << 10,
    seeds: {
      let pack = try SmallPack("example/one")
      let entries: [(String, [UInt8])] = [
        (EntryName.envelope, Array("{}".utf8)), (EntryName.router, [1, 2, 3]),
      ]
      let tar = entries.flatMap { name, bytes in tarEntry(name, bytes) }
      return [
        [0] + pack.archive, [0] + framed(tar), [1] + tar,
        [1] + tar + [UInt8](repeating: 0, count: 1024),
        [2] + Array("{\"payload\":\"\"}".utf8),
      ]
    },
    run: { input in
      guard let mode = input.first else { return }
      let rest = Array(input.dropFirst())
      let bytes: [UInt8] =
        switch mode % 3 {
        case 0: rest
        case 1: framed(rest)
        default:
          framed(tarEntry(EntryName.envelope, rest) + [UInt8](repeating: 0, count: 1024))
        }
      let pack = UnverifiedPack(bytes: bytes, name: "fuzz", limits: limits)
      _ = try? pack.inspect()
      let staging = scratch("archive")
      let names = { (try? FileManager.default.contentsOfDirectory(atPath: staging.path)) ?? [] }
      require(
        (try? pack.verified(by: TrustRoot(keys: []), staging: staging)) == nil,
        "a pack nobody signed was accepted")
      require(names().isEmpty, "something was left of a pack that was refused")
      let checked = try? pack.integrityCheckedIgnoringSignatures(staging: staging)
      guard let contents = checked?.contents else {
        require(names().isEmpty, "something was left of a pack that was refused")
        return
      }
      for entry in [contents.envelope] + contents.entries {
        require((try? Digest(file: entry.url)) == entry.digest, "\(entry.name) is not its digest")
        try? FileManager.default.removeItem(at: entry.url)
      }
    })

  /// Small enough for a fuzzer's memory.
  private static let limits: ArchiveLimits = {
    var limits = ArchiveLimits()
    limits.expansionFloorBytes = 4 << 20
    limits.tensorsFloorBytes = 4 << 20
    return limits
  }()

  private static func tarEntry(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
    TarHeader(name: name, size: bytes.count).bytes + bytes
      + [UInt8](repeating: 0, count: TarHeader.padding(after: bytes.count))
  }

  /// One zstd frame of raw blocks with its checksum: RFC 8878 §3.1.1.
  private static func framed(_ bytes: [UInt8]) -> [UInt8] {
    let blockSize = 128 << 10
    // A checksum, and a window of 128 KiB.
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x38]
    var start = 0
    repeat {
      let end = min(bytes.count, start + blockSize)
      let header = (end - start) << 3 | (end == bytes.count ? 1 : 0)
      frame += (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) }
      frame += bytes[start..<end]
      start = end
    } while start < bytes.count
    let checksum = bytes.withUnsafeBytes { xxHash64($0) }
    return frame + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * UInt64($0))) }
  }
}

/// A directory of this process in memory, made once.
func scratch(_ name: String) -> URL {
  let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
  let url = URL(fileURLWithPath: "\(place)/moe-fuzz-\(name)-\(getpid())", isDirectory: true)
  try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  return url
}
