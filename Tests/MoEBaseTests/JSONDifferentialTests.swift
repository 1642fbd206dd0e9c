import Foundation
import MoEBase
import Testing

/// Holds the parser to the verdicts of Python's json, recorded by `tools/reference/json_differential.py`;
/// `MOEPACK_JSON_CORPUS` names a larger corpus.
@Suite struct JSONDifferentialTests {
  @Test func `Python accepts the same documents and reads the same values`() throws {
    let corpus = ProcessInfo.processInfo.environment["MOEPACK_JSON_CORPUS"]
    let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Reference/json.jsonl")
    let data = try Data(contentsOf: corpus.map { URL(fileURLWithPath: $0) } ?? sample)
    var cases = 0
    var accepted = 0
    for line in data.split(separator: UInt8(ascii: "\n")) {
      var reader = try JSONReader(try JSONValue(parsing: Array(line)))
      let text = try reader.string("document")
      guard let document = Data(base64Encoded: text) else {
        Issue.record("a line without a document")
        return
      }
      cases += 1
      let value = try? JSONValue(parsing: Array(document))
      accepted += value == nil ? 0 : 1
      let meaning =
        value.map { JSONValue.string(Digest(of: Array(spelling($0).utf8)).hex) } ?? .null
      #expect(
        meaning == reader.optional("meaning"),
        "\(text): \(String(decoding: document, as: UTF8.self))")
    }
    print("\(cases) documents, \(accepted) accepted")
    #expect(cases >= 500)
    #expect(
      accepted * 4 > cases && accepted * 4 < cases * 3, "the corpus does not test much otherwise")
  }

  /// The value as the script spells it.
  private func spelling(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .boolean(let value): value ? "true" : "false"
    case .integer(let value): "i\(value)"
    case .number(let value):
      "d" + Digest.hex(withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) })
    case .string(let value): "s" + Digest.hex(value.utf8)
    case .array(let values): "[" + values.map { spelling($0) + "," }.joined() + "]"
    case .object(let members):
      "{" + members.map { "s\(Digest.hex($0.key.utf8)):\(spelling($0.value))," }.joined() + "}"
    }
  }
}
