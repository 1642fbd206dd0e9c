import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import MoETestSupport
import Testing

/// Small files that would be large: the program itself refuses each within a second and 64 MiB.
@Suite struct BombTests {
  /// What a debug build may take; a release build has the second of the specification.
  private static let mostSeconds: Double = {
    #if DEBUG
      20
    #else
      1
    #endif
  }()

  private static let zstdMagic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

  /// A frame whose blocks repeat one zero for so many bytes, in all of 128 KiB.
  private static func zeros(after start: [UInt8] = [], bytes: Int, window: UInt8 = 0x78) -> [UInt8]
  {
    var frame = zstdMagic + [0x04, window]
    if !start.isEmpty {
      let header = start.count << 3
      frame += [UInt8(header & 255), UInt8(header >> 8 & 255), UInt8(header >> 16)] + start
    }
    let run = (128 << 10) << 3 | 1 << 1
    let block = [UInt8(run & 255), UInt8(run >> 8 & 255), UInt8(run >> 16), 0]
    for _ in 0..<bytes >> 17 { frame += block }
    return frame + [1, 0, 0, 0, 0, 0, 0]
  }

  private static func header(_ name: String, size: Int, type: UInt8 = 0x30) -> [UInt8] {
    var block = TarHeader(name: name, size: size).bytes
    block[156] = type
    block.replaceSubrange(148..<156, with: Array("        ".utf8))
    let octal = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    let digits = String(repeating: "0", count: 6 - octal.utf8.count) + octal
    block.replaceSubrange(148..<156, with: Array(digits.utf8) + [0, 0x20])
    return block
  }

  private static func bombs(_ pack: AlteredPack) throws -> [(name: String, bytes: [UInt8])] {
    let honest = try pack.archive { $0 }
    func nested(_ count: Int) -> [UInt8] {
      [UInt8](repeating: UInt8(ascii: "["), count: count)
    }
    func signed(_ payload: [UInt8]) throws -> [UInt8] {
      let envelope = Envelope(signing: payload, with: [TinyPack.key]).bytes
      return try PackWriter.archive([PackEntry(name: EntryName.envelope, bytes: envelope)])
    }
    func envelope(_ bytes: [UInt8]) throws -> [UInt8] {
      try PackWriter.archive([PackEntry(name: EntryName.envelope, bytes: bytes)])
    }
    let empty = Array(repeating: [UInt8](arrayLiteral: 0, 0, 0), count: 300_000).flatMap { $0 }
    let entry = PackEntry(name: "a", bytes: [])
    return [
      ("1 GiB of zeros for an archive", zeros(bytes: 1 << 30)),
      (
        "8 GiB claimed for the envelope, 1 GiB of zeros behind it",
        zeros(after: header(EntryName.envelope, size: TarHeader.largestSize), bytes: 1 << 30)
      ),
      (
        "4 MiB of zeros for an envelope, of 16 GiB",
        zeros(after: header(EntryName.envelope, size: 4 << 20), bytes: 16 << 30)
      ),
      ("a window of 2 GiB", zeros(bytes: 1 << 20, window: 0xA8)),
      (
        "1 TiB claimed for a GNU sparse file",
        zeros(after: header(EntryName.envelope, size: 512, type: UInt8(ascii: "S")), bytes: 1 << 20)
      ),
      ("300,000 empty blocks", zstdMagic + [0x04, 0x78] + empty),
      ("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + [UInt8](repeating: 0, count: 1 << 20)),
      ("a frame in a frame", try PackWriter.archive([PackEntry(name: "a", bytes: honest)])),
      ("100,000 entries", try PackWriter.archive([PackEntry](repeating: entry, count: 100_000))),
      ("an envelope of 4 MiB of brackets", try envelope(nested(4 << 20))),
      (
        "an envelope of a million values",
        try envelope(Array(("{\"signatures\":[" + String(repeating: "0,", count: 1 << 20)).utf8))
      ),
      ("a signed payload of 3 MB of brackets", try signed(nested(3_000_000))),
      (
        "a signed payload of 1.4 million values",
        try signed(Array(("[" + String(repeating: "0,", count: 1_400_000) + "0]").utf8))
      ),
      (
        "a signed payload of 300,000 keys",
        try signed(
          Array(("{" + (0..<250_000).map { "\"\($0)\":0" }.joined(separator: ",") + "}").utf8))
      ),
      (
        "a signed number of 3 million digits",
        try signed([UInt8](repeating: UInt8(ascii: "9"), count: 3_000_000))
      ),
      (
        "a signed label of 16 MiB and a byte",
        try pack.archive(
          signing: try pack.statement, labels: [UInt8](repeating: 0x20, count: 16 << 20 + 1))
      ),
    ]
  }

  @Test(
    .enabled(
      if: Program.url != nil
        && FileManager.default.isExecutableFile(atPath: MeasuredRun.python.path)))
  func `each is refused within a second and 64 MiB`() throws {
    let program = try #require(Program.url)
    let bench = try CommandBench()
    try bench.trust()
    let honest = try bench.archive("example/ships", topics: [0])
    let baseline = try MeasuredRun(program, ["verify", honest], environment: bench.environment)
    #expect(baseline.status == 0, "\(baseline.messages)")
    let pack = try AlteredPack(
      TinyPack("example/ships", topics: [0], backbone: try bench.backbone))
    let before = try bench.storeLook().logicalDigest()
    var worst = (seconds: 0.0, computed: 0.0, bytes: 0)
    let file = URL(fileURLWithPath: bench.directory.path("bomb.moepack"))
    func check(_ name: String) throws {
      let run = try MeasuredRun(
        program, ["verify", file.path], environment: bench.environment)
      let more = run.peakBytes - baseline.peakBytes
      #expect(run.status == 65 || run.status == 77, "\(name): \(run.status) \(run.messages)")
      #expect(run.computedSeconds <= Self.mostSeconds, "\(name): \(run.computedSeconds) s")
      #expect(more <= 64 << 20, "\(name): \(more) bytes more than for an honest pack")
      worst = (
        max(worst.seconds, run.seconds), max(worst.computed, run.computedSeconds),
        max(worst.bytes, more)
      )
    }
    let bombs = try Self.bombs(pack)
    for bomb in bombs {
      try Data(bomb.bytes).write(to: file)
      try check(bomb.name)
    }
    try FileManager.default.removeItem(at: file)
    try FileManager.default.copyItem(atPath: honest, toPath: file.path)
    #expect(truncate(file.path, 1 << 40) == 0)
    try check("an honest pack with 1 TiB of nothing behind it")
    try Data().write(to: file)
    #expect(truncate(file.path, 1 << 40) == 0)
    try check("1 TiB of nothing")
    #expect(try bench.storeLook().logicalDigest() == before)
    print(
      "\(bombs.count + 2) bombs: at most \(worst.seconds) s, \(worst.computed) s computed, "
        + "\(worst.bytes >> 20) MiB more than an honest pack")
  }
}
