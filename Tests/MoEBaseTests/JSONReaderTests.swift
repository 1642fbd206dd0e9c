import MoEBase
import Testing

@Suite struct JSONReaderTests {
  private let document: JSONValue = [
    "text": "a", "whole": 3, "part": 0.5, "yes": true, "nothing": .null, "list": ["x", 1],
    "digest": "sha256:00", "inner": ["list": [["deep": 1], 2], "text": "b"],
  ]

  /// What each way of asking says when the value is another.
  private static let mismatches:
    [(String, String, String, @Sendable (inout JSONReader) throws(JSONSchemaError) -> Void)] = [
      (
        "gone", "a value", "nothing",
        { reader throws(JSONSchemaError) in _ = try reader.value("gone") }
      ),
      (
        "gone", "a value", "nothing",
        { reader throws(JSONSchemaError) in _ = try reader.string("gone") }
      ),
      (
        "whole", "a string", "a whole number",
        { reader throws(JSONSchemaError) in _ = try reader.string("whole") }
      ),
      (
        "nothing", "a string", "null",
        { reader throws(JSONSchemaError) in _ = try reader.optionalString("nothing") }
      ),
      (
        "text", "true or false", "a string",
        { reader throws(JSONSchemaError) in _ = try reader.boolean("text") }
      ),
      (
        "part", "a whole number from 0 to 9", "a number",
        { reader throws(JSONSchemaError) in _ = try reader.integer("part", in: 0...9) }
      ),
      (
        "whole", "a whole number from 4 to 9", "3",
        { reader throws(JSONSchemaError) in _ = try reader.integer("whole", in: 4...9) }
      ),
      (
        "yes", "a number", "true or false",
        { reader throws(JSONSchemaError) in _ = try reader.number("yes") }
      ),
      (
        "part", "a number from 0.75 to 1.0", "0.5",
        { reader throws(JSONSchemaError) in _ = try reader.number("part", in: 0.75...1) }
      ),
      (
        "digest", "`sha256:` and 64 lower-case hexadecimal digits", "`sha256:00`",
        { reader throws(JSONSchemaError) in _ = try reader.digest("digest") }
      ),
      (
        "text", "an array", "a string",
        { reader throws(JSONSchemaError) in _ = try reader.array("text") }
      ),
      (
        "list[1]", "a string", "a whole number",
        { reader throws(JSONSchemaError) in _ = try reader.strings("list") }
      ),
      (
        "list", "an object", "an array",
        { reader throws(JSONSchemaError) in _ = try reader.object("list") }
      ),
      (
        "list[0]", "an object", "a string",
        { reader throws(JSONSchemaError) in _ = try reader.objects("list") }
      ),
    ]

  @Test(arguments: mismatches.indices)
  func `a value of another kind is named with its path`(_ index: Int) throws {
    let (path, expected, got, ask) = Self.mismatches[index]
    var reader = try JSONReader(document)
    #expect(throws: JSONSchemaError(path: path, expected: expected, got: got)) { try ask(&reader) }
    var inner = try JSONReader(document, path: "outer[2]")
    #expect(throws: JSONSchemaError(path: "outer[2].\(path)", expected: expected, got: got)) {
      try ask(&inner)
    }
  }

  @Test func `values of the right kind are read`() throws {
    var reader = try JSONReader(document)
    #expect(reader.keys == ["text", "whole", "part", "yes", "nothing", "list", "digest", "inner"])
    #expect(try reader.string("text") == "a")
    #expect(try reader.optionalString("text") == "a")
    #expect(try reader.optionalString("gone") == nil)
    #expect(try reader.integer("whole", in: 3...3) == 3)
    #expect(try reader.number("whole") == 3)
    #expect(try reader.number("part", in: 0.5...0.5) == 0.5)
    #expect(try reader.boolean("yes"))
    #expect(reader.optional("nothing") == .null)
    #expect(try reader.array("list") == ["x", 1])
  }

  @Test func `paths lead through objects and arrays`() throws {
    var reader = try JSONReader(document)
    var inner = try reader.object("inner")
    #expect(inner.path == "inner")
    #expect(
      throws: JSONSchemaError(path: "inner.list[1]", expected: "an object", got: "a whole number")
    ) {
      try inner.objects("list")
    }
    var fit = try JSONReader(["a": [["b": 1]]])
    var first = try fit.objects("a")[0]
    #expect(throws: JSONSchemaError(path: "a[0].c", expected: "a value", got: "nothing")) {
      try first.value("c")
    }
  }

  @Test func `a document that is no object is refused`() {
    for value: JSONValue in [.null, true, 1, 1.5, "a", []] {
      #expect(throws: JSONSchemaError(path: "the document", expected: "an object", got: value.kind))
      {
        try JSONReader(value)
      }
    }
  }

  @Test func `a key nobody asked for is refused with those that are known`() throws {
    var reader = try JSONReader(["b": 1, "extra": 2, "a": 3], path: "top")
    _ = try reader.value("b")
    _ = reader.optional("a")
    _ = reader.optional("absent")
    #expect(
      throws: JSONSchemaError(
        path: "top.extra", expected: "one of the keys `a`, `absent`, `b`",
        got: "a key that is not known")
    ) { try reader.finish() }
    _ = reader.optional("extra")
    try reader.finish()
  }

  @Test func `a key of other bytes is another key`() throws {
    var reader = try JSONReader(["e\u{301}": 1])
    #expect(reader.optional("\u{E9}") == nil)
    #expect(throws: JSONSchemaError.self) { try reader.finish() }
  }

  @Test func `numbers at the edge of their type are read or refused, never trapped`() throws {
    var reader = try JSONReader(["big": .integer(Int64.max), "huge": 1e300])
    #expect(try reader.integer("big", in: 0...Int.max) == Int.max)
    #expect(try reader.number("big") == 0x1p63)
    #expect(throws: JSONSchemaError.self) { try reader.integer("huge", in: 0...Int.max) }
  }
}
