import MoEBase
import Testing

@Suite struct JSONWriterTests {
  private static let spellings: [(JSONValue, String)] = [
    (.null, "null"), (true, "true"), (-1, "-1"), (.integer(Int64.min), "-9223372036854775808"),
    (1.0, "1.0"), (0.1, "0.1"), (.number(-0.0), "-0.0"), (1e15, "1000000000000000.0"),
    (1e16, "1e+16"), (.number(.leastNonzeroMagnitude), "5e-324"),
    (.number(.greatestFiniteMagnitude), "1.7976931348623157e+308"), (.float(0.1), "0.1"),
    (.float(3), "3.0"),
    ("é😀\u{2028}/", "\"é😀\u{2028}/\""),
    ("\"\\\n\r\t\u{8}\0\u{7F}", #""\"\\\n\r\t\u0008\u0000\u007f""#),
    ([], "[]"), ([:], "{}"), ([1, "a", [.null]], #"[1,"a",[null]]"#),
    (["b": 1, "a": ["c": []]], #"{"b":1,"a":{"c":[]}}"#),
  ]

  @Test(arguments: spellings)
  func `a value has one spelling`(_ value: JSONValue, _ text: String) {
    #expect(value.text == text)
    #expect(value.bytes == Array(text.utf8))
  }

  @Test func `a digest is written with its algorithm`() {
    #expect(JSONValue.digest(Digest(of: [])).text == "\"\(Digest(of: []))\"")
  }

  @Test func `the form for people is indented, and plain lists stay on their line`() {
    let value: JSONValue = ["a": [1, 2], "b": [["c": .null]], "d": [:], "e": []]
    #expect(
      value.prettyText == """
        {
          "a": [1,2],
          "b": [
            {
              "c": null
            }
          ],
          "d": {},
          "e": []
        }
        """)
  }

  @Test func `what is written is read back as it was, in both forms`() throws {
    for seed in 0..<2_000 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let value = Self.value(&generator, depth: 0)
      #expect(try JSONValue(parsing: value.bytes) == value, "seed \(seed)")
      #expect(
        try JSONValue(parsing: Array(value.prettyText.utf8)) == value, "seed \(seed), for people")
      #expect(try JSONValue(parsing: value.bytes).bytes == value.bytes, "seed \(seed)")
    }
  }

  @Test func `a number keeps its bits`() throws {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<5_000 {
      let number = Double(bitPattern: generator.next())
      guard number.isFinite else { continue }
      guard case .number(let read) = try JSONValue(parsing: JSONValue.number(number).bytes) else {
        Issue.record("\(number) is read as something else")
        return
      }
      #expect(read.bitPattern == number.bitPattern)
    }
  }

  @Test func `a number that is not finite cannot be written`() async {
    await #expect(processExitsWith: .failure) { _ = JSONValue.number(.nan).bytes }
    await #expect(processExitsWith: .failure) { _ = JSONValue.number(.infinity).bytes }
  }

  /// A random value: strings from all of Unicode, keys without repetition.
  private static func value(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
    switch generator.below(depth < 4 ? 8 : 6) {
    case 0: return .null
    case 1: return .boolean(generator.below(2) == 0)
    case 2: return .integer(Int64(bitPattern: generator.next() >> UInt64(generator.below(64))))
    case 3:
      let number = Double(bitPattern: generator.next())
      return .number(number.isFinite ? number : generator.normal())
    case 4, 5: return .string(string(&generator))
    case 6:
      return .array((0..<generator.below(5)).map { _ in value(&generator, depth: depth + 1) })
    default:
      var keys: Set<[UInt8]> = []
      let members = (0..<generator.below(5)).compactMap { _ -> JSONMember? in
        let key = string(&generator)
        return keys.insert(Array(key.utf8)).inserted
          ? JSONMember(key, value(&generator, depth: depth + 1)) : nil
      }
      return .object(members)
    }
  }

  private static func string(_ generator: inout SeededGenerator) -> String {
    var text = ""
    let ranges: [UInt32] = [0x20, 0x80, 0x800, 0x10000, 0x110000]
    for _ in 0..<generator.below(8) {
      let range = ranges[generator.below(ranges.count)]
      if let scalar = Unicode.Scalar(UInt32(generator.below(Int(range)))) {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
