import Foundation
import MoEBase
import MoEPackFormat
import Testing

/// Mutated archives against Python's `tarfile`: what is accepted means the same to both.
///
/// Most mutants are refused here, whatever Python makes of them; those that are accepted are few, and each is
/// read by both. `MOEPACK_SOAK=1` makes 100,000.
@Suite struct TarDifferentialTests {
  private static let python = "/usr/bin/python3"

  private static let reader = """
    import hashlib, io, json, sys, tarfile
    for path in sys.argv[1:]:
        with tarfile.open(path, "r:") as tar:
            print(json.dumps([[m.name, m.isreg(), hashlib.sha256(tar.extractfile(m).read()).hexdigest()]
                              for m in tar.getmembers()]))
    """

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: python)))
  func `no mutant is accepted that Python reads otherwise`() throws {
    let parts = try PackBuilder().parts()
    let honest = tar(parts)
    var random = SeededGenerator(seed: 5)
    // What each mutant that is accepted is to this reader; the envelope's unsigned key id may be another.
    var mutants: [[UInt8]: Set<String>] = [:]
    var (refused, accepted) = (0, 0)
    let count = Soak.count(2000, 100_000)
    for _ in 0..<count {
      let mutant = mutate(parts, honest, &random)
      if try refusal(storedFrame(mutant)) == nil {
        accepted += 1
        let contents = try MoEPackFormatTests.accepted(storedFrame(mutant)).pack.contents
        mutants[mutant] = Set(
          ([contents.envelope] + contents.entries).map { "\($0.name) \($0.digest.hex)" })
      } else {
        refused += 1
      }
    }
    let order = Array(mutants.keys)
    let names = parts.map(\.name)
    try withDirectory { directory in
      var paths: [String] = []
      for (index, mutant) in order.enumerated() {
        let file = directory.appendingPathComponent("\(index).tar")
        try Data(mutant).write(to: file)
        paths.append(file.path)
      }
      let lines = try Self.python(paths)
      #expect(lines.count == paths.count, "Python refuses what was accepted")
      for (line, mutant) in zip(lines, order) {
        #expect(Set(line) == mutants[mutant])
        #expect(line.map { String($0.prefix { $0 != " " }) } == names)
      }
      print(
        "\(count) mutants: \(refused) refused, \(accepted) accepted, \(mutants.count) different ones, read "
          + "alike")
    }
    #expect(mutants.count > 3, "the mutants do not test much otherwise")
  }

  private static func python(_ paths: [String]) throws -> [[String]] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", reader] + paths
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try data.split(separator: UInt8(ascii: "\n")).map { line in
      guard case .array(let members) = try JSONValue(parsing: Array(line)) else { return [] }
      return members.map { member in
        guard case .array(let fields) = member, fields.count == 3, fields[1] == true,
          case .string(let name) = fields[0], case .string(let digest) = fields[2]
        else { return "" }
        return "\(name) \(digest)"
      }
    }
  }

  /// The archive with something done to it that a tar reader may trip over.
  private func mutate(
    _ parts: [PackEntry], _ honest: [UInt8], _ random: inout SeededGenerator
  ) -> [UInt8] {
    let victim = random.below(parts.count)
    let field = [
      (0, 100), (100, 8), (124, 12), (136, 12), (156, 1), (157, 100), (257, 8), (265, 32),
      (329, 16), (345, 155),
    ]
    switch random.below(7) {
    case 0:
      // A field of a header, the checksum right.
      let (offset, length) = field[random.below(field.count)]
      let bytes = (0..<4).map { _ in UInt8(random.below(256)) }
      let start = offset + random.below(length)
      return tar(parts) { block, index in
        guard index == victim else { return }
        for (step, byte) in bytes.enumerated() where start + step < offset + length {
          block[start + step] = byte
        }
      }
    case 1:
      // Typical words of other dialects.
      let words = ["x", "g", "L", "K", "S", "V", "D", "1", "5", "7", "\0"]
      let flag = Array(words[random.below(words.count)].utf8)[0]
      return tar(parts) { block, index in if index == victim { block[156] = flag } }
    case 2:
      // A PAX header in front of an entry that gives it another name or size.
      let records = [
        "13 path=evil\n", "10 size=1\n", "30 GNU.sparse.realsize=99999\n", "8 path=\n",
        "99 path=x\n",
      ]
      let record = PackEntry(name: "pax", bytes: Array(records[random.below(records.count)].utf8))
      var list = parts
      list.insert(record, at: victim)
      let flag = UInt8(ascii: random.below(2) == 0 ? "x" : "g")
      return tar(list) { block, index in if index == victim { block[156] = flag } }
    case 3:
      // Devices of NULs, which is the one other spelling.
      return tar(parts) { block, index in
        if index == victim { block.replaceSubrange(329..<345, with: repeatElement(0, count: 16)) }
      }
    case 4:
      // More zeros, or fewer, at the end.
      return tar(parts, end: 512 * random.below(24))
    case 5:
      // A size in base 256, with blanks, or another one.
      let size = parts[victim].bytes.count
      let texts: [[UInt8]] = [
        [0x80] + [UInt8](repeating: 0, count: 7)
          + [24, 16, 8, 0].map { UInt8(size >> $0 & 255) },
        Array(" \(String(size, radix: 8)) ".utf8),
        Array(
          (String(repeating: "0", count: 11 - String(size + 1, radix: 8).count)
            + String(size + 1, radix: 8)).utf8) + [0],
      ]
      let text = texts[random.below(texts.count)].prefix(12)
      return tar(parts) { block, index in
        if index == victim { block.replaceSubrange(124..<124 + text.count, with: text) }
      }
    default:
      // A byte anywhere, checksums left wrong.
      var bytes = honest
      bytes[random.below(bytes.count)] ^= UInt8(1 + random.below(255))
      return bytes
    }
  }
}
