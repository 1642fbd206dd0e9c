import MoEBase
import SafeTensors
import Testing

/// Headers that lie, each in one way; the reference library refuses most, and we refuse all.
@Suite struct HostileHeaderTests {
  private static let good = #""dtype":"F32","shape":[2],"data_offsets":[0,8]"#

  @Test func `the plain header is accepted, with white space and keys in any order too`() {
    for header in [
      "{\"w\":{\(Self.good)}}", "{\"w\":{\(Self.good)}}   ",
      "{ \"w\" : {\n\t\"shape\":[ 2 ], \"data_offsets\":[0 ,8],\r\"dtype\" : \"F32\" } } ",
      "{\"__metadata__\":{},\"w\":{\(Self.good)}}", #"{"\u0077\/":{"# + Self.good + "}}",
      #"{"__metadata__":{"a":"\ud83d\ude00","b":"\b\f\n\r\t\"\\\/"},"w":{"# + Self.good + "}}",
    ] { #expect(refusal(file(header, data: 8)) == nil, "\(header)") }
    #expect(refusal(file("{}")) == nil)
    #expect(refusal(file("{ }  ")) == nil)
  }

  @Test func `the length of the header is compared with the file before anything else`() {
    let left = 2
    for claimed: UInt64 in [3, 100, 1 << 32, 1 << 62, .max - 8, .max] {
      var bytes = file("{}")
      withUnsafeBytes(of: claimed.littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
      #expect(
        refusal(bytes) == .headerTooLong(claimed: claimed, left: left, limit: 100_000_000))
    }
    var limits = SafeTensorsLimits()
    limits.headerBytes = 1
    #expect(
      refusal(file("{}"), limits: limits) == .headerTooLong(claimed: 2, left: 2, limit: 1))
    var early = file("{}")
    early[0] = 1
    #expect(refusal(early) != nil)
  }

  @Test(arguments: [
    "", " {}", "[]", "{", "}", "{}}", "{},", "{}x", "{,}", "{\"w\"}", "{\"w\":}", "{\"w\":{}}",
    "{\"w\":1}", "{\"w\":null}", "{\"w\":[]}", "\u{FEFF}{}", "{'w':{}}",
    "{\"w\":{\(good)},}", "{\"w\":{\(good),}}", "{\"w\":{,\(good)}}",
    "{\"w\":{\(good)}\"v\":{}}", "{\"w\":{\(good)}", "{\"w\":{\(good)}}}",
    "{\"w\":{\(good),\"extra\":1}}", "{\"w\":{\(good),\"dtype\":\"F32\"}}",
    "{\"w\":{\(good),\"shape\":[2]}}", "{\"w\":{\(good),\"data_offsets\":[0,8]}}",
    "{\"w\":{\(good)},\"w\":{\(good)}}", "{\"w\":{\(good)},\"\\u0077\":{\(good)}}",
    "{\"__metadata__\":{},\"__metadata__\":{},\"w\":{\(good)}}",
    "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"},\"w\":{\(good)}}",
    "{\"__metadata__\":{\"a\":1},\"w\":{\(good)}}", "{\"__metadata__\":null,\"w\":{\(good)}}",
    "{\"__metadata__\":{\"a\":{}},\"w\":{\(good)}}", "{\"__metadata__\":\"a\",\"w\":{\(good)}}",
    "{\"\":{\(good)}}", "{\"é\":{\(good)}}", "{\"a\\nb\":{\(good)}}", "{\"a\u{7F}\":{\(good)}}",
    "{\"\\ud800\":{\(good)}}", "{\"\\ud800\\u0041\":{\(good)}}", "{\"\\udc00\":{\(good)}}",
    "{\"\\ud8\":{\(good)}}", "{\"\\x41\":{\(good)}}", "{\"\\\":{\(good)}}", "{\"w:{\(good)}}",
  ])
  func `text that is not this header is refused`(header: String) {
    #expect(refusal(file(header, data: 8)) != nil)
  }

  @Test(arguments: [
    #""dtype":"F32","shape":[2],"data_offsets":[0,8.0]"#,
    #""dtype":"F32","shape":[2.0],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[2e0],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[-2],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[-0],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[02],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[+2],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":["2"],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[2,],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[,2],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":2,"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":null,"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[[2]],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[0]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[0,8,8]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[8,0]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[0,9]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[1,9]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[0,4]"#,
    #""dtype":"F32","shape":[3],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[1],"data_offsets":[0,4]"#,
    #""dtype":"F32","shape":[1],"data_offsets":[4,8]"#,
    #""dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]"#,
    #""dtype":"F32","shape":[9223372036854775807,9223372036854775807,0],"data_offsets":[0,0]"#,
    #""dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551616]"#,
    #""dtype":"F32","shape":[2],"data_offsets":[9223372036854775807,9223372036854775807]"#,
    #""dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]"#,
    #""dtype":"f32","shape":[2],"data_offsets":[0,8]"#,
    #""dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]"#,
    #""dtype":"F32 ","shape":[2],"data_offsets":[0,8]"#,
    #""dtype":32,"shape":[2],"data_offsets":[0,8]"#, #""dtype":"F32","shape":[2]"#,
    #""dtype":"F32","data_offsets":[0,8]"#, #""shape":[2],"data_offsets":[0,8]"#,
  ])
  func `a description that does not hold is refused`(description: String) {
    #expect(refusal(file("{\"w\":{\(description)}}", data: 8)) != nil)
  }

  @Test func `tensors have to fill the data without hole, overlap or tail`() {
    func two(_ first: (Int, Int), _ second: (Int, Int), data: Int) -> [UInt8] {
      file(
        #"{"a":{"dtype":"U8","shape":[\#(first.1 - first.0)],"data_offsets":[\#(first.0),\#(first.1)]},"#
          + #""b":{"dtype":"U8","shape":[\#(second.1 - second.0)],"#
          + #""data_offsets":[\#(second.0),\#(second.1)]}}"#, data: data)
    }
    #expect(refusal(two((0, 4), (4, 8), data: 8)) == nil)
    #expect(refusal(two((4, 8), (0, 4), data: 8)) == nil)
    #expect(refusal(two((0, 0), (0, 8), data: 8)) == nil)
    #expect(refusal(two((0, 8), (8, 8), data: 8)) == nil)
    #expect(
      refusal(two((0, 4), (5, 8), data: 8))
        == .layout(expected: "`b` to start at byte 4", got: "byte 5"))
    #expect(refusal(two((0, 5), (4, 8), data: 8)) != nil)
    #expect(refusal(two((0, 8), (0, 8), data: 8)) != nil)
    #expect(refusal(two((0, 8), (4, 4), data: 8)) != nil)
    #expect(refusal(two((1, 4), (4, 8), data: 8)) != nil)
    #expect(
      refusal(two((0, 4), (4, 8), data: 9))
        == .layout(expected: "8 bytes of data", got: "9 bytes"))
    #expect(refusal(two((0, 4), (4, 8), data: 7)) != nil)
    #expect(refusal(file("{}", data: 1)) == .layout(expected: "0 bytes of data", got: "1 bytes"))
  }

  @Test func `text that is not UTF-8 is refused`() {
    for bad: [UInt8] in [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xC3], [0xF5, 0x80, 0x80, 0x80],
    ] {
      let header = Array("{\"__metadata__\":{\"a\":\"".utf8) + bad + Array("\"}}".utf8)
      #expect(refusal(file(header)) != nil)
    }
    for control in UInt8(0)..<0x20 {
      let header = Array("{\"__metadata__\":{\"a\":\"".utf8) + [control] + Array("\"}}".utf8)
      #expect(refusal(file(header)) != nil)
    }
  }

  @Test func `an empty tensor is refused in a pack and allowed elsewhere`() {
    let bytes = file(#"{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#)
    #expect(refusal(bytes) == nil)
    #expect(
      refusal(bytes, limits: .pack)
        == .tensor(name: "w", expected: "at least one element", got: "shape [0]"))
  }

  @Test func `limits on tensors, names and dimensions hold`() {
    var limits = SafeTensorsLimits()
    limits.tensors = 1
    limits.rank = 1
    limits.nameBytes = 3
    func named(_ name: String) -> String {
      #""\#(name)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
    }
    #expect(refusal(file("{\(named("abc"))}"), limits: limits) == nil)
    #expect(refusal(file("{\(named("abcd"))}"), limits: limits) != nil)
    #expect(refusal(file("{\(named("a")),\(named("b"))}"), limits: limits) != nil)
    let deep = #"{"a":{"dtype":"U8","shape":[0,1],"data_offsets":[0,0]}}"#
    #expect(refusal(file(deep), limits: limits) != nil)
    #expect(refusal(file("{\(named(String(repeating: "x", count: 257)))}")) != nil)
  }

  @Test func `no flipped bit of a header makes the reader crash or read past the end`() throws {
    var writer = SafeTensorsWriter(metadata: ["k": "\u{1F600}"])
    writer.add("a", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
    writer.add("b", .i8, shape: [4], bytes: [1, 2, 3, 4])
    let bytes = writer.bytes()
    var accepted = 0
    for index in 0..<bytes.count {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        guard let file = try? SafeTensorsFile(bytes: flipped, name: "x") else { continue }
        accepted += 1
        #expect(file.tensors.reduce(0) { $0 + $1.range.count } == 28)
      }
    }
    #expect(accepted > 28 * 8 - 1, "every flip of the data is accepted, it is not ours to judge")
  }

  @Test func `random headers are refused or read, never worse`() {
    var generator = SeededGenerator(seed: 20_261)
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"", "\"w\"", "\"dtype\"", "\"F32\"", "\"shape\"",
      "\"data_offsets\"", "0", "1", "8", "9223372036854775807", "\\", "\\u", "d800", " ",
      "\"__metadata__\"", Self.good, "{\(Self.good)}", "\u{0}", "é",
    ]
    for _ in 0..<20_000 {
      var header = "{"
      for _ in 0..<generator.below(14) { header += pieces[generator.below(pieces.count)] }
      let data = [0, 8][generator.below(2)]
      guard let read = try? SafeTensorsFile(bytes: file(header, data: data), name: "x") else {
        continue
      }
      #expect(read.tensors.reduce(0) { $0 + $1.range.count } == data, "\(header)")
    }
  }
}
