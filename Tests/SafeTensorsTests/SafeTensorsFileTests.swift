import Foundation
import MoEBase
import SafeTensors
import Testing

@Suite struct SafeTensorsFileTests {
  private func sample() -> SafeTensorsWriter {
    var writer = SafeTensorsWriter(metadata: ["b": "2", "a": "é\n\"\\"])
    writer.add("small", .u8, shape: [3], bytes: [1, 2, 3])
    writer.add("z", shape: [2, 2], floats: [1, -2, 3, 4.5])
    writer.add("a", shape: [2], floats: [0.1, 0.2])
    writer.add("wide", shape: [1], doubles: [.pi])
    writer.add("scalar", shape: [], floats: [7])
    writer.add("empty", shape: [0, 5], floats: [])
    return writer
  }

  @Test func `what was written is read back, from memory and mapped`() throws {
    let bytes = sample().bytes()
    try withDirectory { directory in
      let url = directory.appendingPathComponent("x.safetensors")
      try sample().write(to: url)
      for file in [
        try SafeTensorsFile(bytes: bytes, name: "x"), try SafeTensorsFile(url: url),
      ] {
        #expect(file.tensors.map(\.name) == ["a", "empty", "scalar", "small", "wide", "z"])
        #expect(file.metadata.map(\.key) == ["a", "b"])
        #expect(file.metadata.map(\.value) == ["é\n\"\\", "2"])
        #expect(try Array(file.floats("z", shape: [2, 2])) == [1, -2, 3, 4.5])
        #expect(try file.floatArray("a", shape: [2]) == [0.1, 0.2])
        #expect(try Array(file.doubles("wide", shape: [1])) == [.pi])
        #expect(try file.doubleArray("wide", shape: [1]) == [.pi])
        #expect(try file.floatArray("scalar", shape: []) == [7])
        #expect(try file.floats("empty", shape: [0, 5]).isEmpty)
        let small = try #require(file.tensor("small"))
        #expect(file.withBytes(of: small) { Array($0) } == [1, 2, 3])
        #expect(small.elementCount == 3)
      }
    }
  }

  @Test func `the order in which tensors are added does not change a byte`() {
    var other = SafeTensorsWriter(metadata: ["a": "é\n\"\\", "b": "2"])
    other.add("empty", shape: [0, 5], floats: [])
    other.add("scalar", shape: [], floats: [7])
    other.add("wide", shape: [1], doubles: [.pi])
    other.add("a", shape: [2], floats: [0.1, 0.2])
    other.add("z", shape: [2, 2], floats: [1, -2, 3, 4.5])
    other.add("small", .u8, shape: [3], bytes: [1, 2, 3])
    #expect(other.bytes() == sample().bytes())
  }

  @Test func `the header is padded so that every tensor is aligned`() throws {
    for extra in 0..<9 {
      var writer = SafeTensorsWriter(metadata: ["k": String(repeating: "x", count: extra)])
      writer.add("d", shape: [1], doubles: [1])
      writer.add("f", shape: [1], floats: [1])
      let bytes = writer.bytes()
      #expect(bytes[0] % 8 == 0)
      let file = try SafeTensorsFile(bytes: bytes, name: "x")
      #expect(try file.doubles("d", shape: [1])[0] == 1)
      #expect(try file.floats("f", shape: [1])[0] == 1)
    }
  }

  @Test func `a missing, an other or a misplaced tensor is an error with both sides`() throws {
    let file = try SafeTensorsFile(bytes: sample().bytes(), name: "x")
    func message(_ name: String, _ shape: [Int]) -> String? {
      do throws(SafeTensorsError) {
        _ = try file.floats(name, shape: shape)
        return nil
      } catch { return error.message }
    }
    #expect(message("none", []) == "`x` lacks tensor `none`")
    #expect(message("z", [4]) == "`x`: tensor `z`: expected F32 [4], got F32 [2, 2]")
    #expect(message("wide", [1]) == "`x`: tensor `wide`: expected F32 [1], got F64 [1]")
    let crooked = try SafeTensorsFile(
      bytes: Self.crooked, name: "y")
    #expect(throws: SafeTensorsError("y", .misaligned(name: "f", offset: 1, alignment: 4))) {
      try crooked.floats("f", shape: [1])
    }
    #expect(try crooked.floatArray("f", shape: [1]) == [0])
  }

  private static let crooked = SafeTensorsTests.file(
    #"{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
      + #""f":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#, data: 5)

  @Test func `names are looked up by their bytes`() throws {
    var writer = SafeTensorsWriter()
    writer.add("K", shape: [1], floats: [1])
    let file = try SafeTensorsFile(bytes: writer.bytes(), name: "x")
    #expect(file.tensor("K") != nil)
    #expect("K" == "\u{212A}", "Swift calls the Kelvin sign equal to K")
    #expect(file.tensor("\u{212A}") == nil)
    #expect(throws: SafeTensorsError("x", .extraTensor(name: "K"))) {
      try file.check([ExpectedTensor("\u{212A}", .f32, [1])])
    }
  }

  @Test func `the set of tensors is checked exactly`() throws {
    let file = try SafeTensorsFile(bytes: sample().bytes(), name: "x")
    let all = file.tensors.map { ExpectedTensor($0.name, $0.dtype, $0.shape) }
    try file.check(all.reversed())
    for index in all.indices {
      var fewer = all
      let gone = fewer.remove(at: index)
      #expect(throws: SafeTensorsError("x", .extraTensor(name: gone.name))) {
        try file.check(fewer)
      }
      #expect(throws: SafeTensorsError("x", .missingTensor(name: gone.name + "0"))) {
        try file.check(all + [ExpectedTensor(gone.name + "0", .f32, [])])
      }
      var other = all
      other[index] = ExpectedTensor(gone.name, .i64, gone.shape)
      let got = "\(gone.dtype.rawValue) \(gone.shape)"
      #expect(
        throws: SafeTensorsError(
          "x", .differentTensor(name: gone.name, expected: "I64 \(gone.shape)", got: got))
      ) { try file.check(other) }
    }
    let missing = try SafeTensorsFile(bytes: SafeTensorsTests.file("{}"), name: "x")
    #expect(throws: SafeTensorsError("x", .missingTensor(name: "a"))) { try missing.check(all) }
  }

  @Test func `a file that is not there, no file or too short is refused`() throws {
    try withDirectory { directory in
      let none = directory.appendingPathComponent("none.safetensors")
      #expect(throws: SafeTensorsError("none.safetensors", .notFound)) {
        try SafeTensorsFile(url: none)
      }
      #expect(throws: SafeTensorsError("d", .notAFile)) {
        try SafeTensorsFile(url: directory, name: "d")
      }
      let short = directory.appendingPathComponent("short")
      try Data([1, 2, 3]).write(to: short)
      #expect(throws: SafeTensorsError("short", .tooShort(size: 3))) {
        try SafeTensorsFile(url: short)
      }
    }
    for count in 0..<10 {
      #expect(refusal([UInt8](repeating: 0, count: count)) == .tooShort(size: count))
    }
  }

  @Test func `each sentence says what, where, expected and got`() {
    func text(_ reason: SafeTensorsError.Reason) -> String {
      SafeTensorsError("m.safetensors", reason).message
    }
    #expect(text(.notFound) == "`m.safetensors` does not exist")
    #expect(
      text(.notReadable("No such device")) == "`m.safetensors` cannot be read: No such device")
    #expect(text(.notAFile) == "`m.safetensors` is not a regular file")
    #expect(
      text(.tooShort(size: 3))
        == "`m.safetensors` is not safetensors: expected at least 10 bytes, got 3")
    #expect(
      text(.headerTooLong(claimed: 4_294_967_296, left: 81920, limit: 100_000_000))
        == "`m.safetensors`: the header claims 4294967296 bytes, and 81920 are left in the file "
        + "(limit 100000000)")
    #expect(
      text(.header(offset: 7, reason: "expected `:`"))
        == "`m.safetensors`: the header is refused at its byte 7: expected `:`")
    #expect(
      text(.tensor(name: "w", expected: "8 bytes", got: "4 bytes"))
        == "`m.safetensors`: tensor `w`: expected 8 bytes, got 4 bytes")
    #expect(
      text(.layout(expected: "8 bytes of data", got: "9 bytes"))
        == "`m.safetensors`: the tensors do not fill the data exactly: expected 8 bytes of data, "
        + "got 9 bytes")
    #expect(
      text(.extraTensor(name: "w"))
        == "`m.safetensors` holds tensor `w`, which is not expected there"
    )
    #expect(
      text(.misaligned(name: "w", offset: 3, alignment: 4))
        == "`m.safetensors`: tensor `w` starts at byte 3, expected a multiple of 4")
    #expect(
      text(.nonFinite(name: "w", index: 5))
        == "`m.safetensors`: tensor `w` holds a value that is not finite at element 5")
    #expect(SafeTensorsError("m", .notFound).exitCode == .notFound)
    #expect(SafeTensorsError("m", .notAFile).exitCode == .inputOutput)
    #expect(SafeTensorsError("m", .tooShort(size: 1)).exitCode == .badData)
    #expect(
      SafeTensorsError("m", .tooShort(size: 1)).hint
        == "the file is damaged or hostile; no tensor was read from it")
  }
}
