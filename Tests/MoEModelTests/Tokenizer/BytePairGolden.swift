import Foundation
import MoEBase
import MoEModel

/// What Hugging Face `tokenizers` gave for one byte-pair tokenizer, as `tools/reference/byte-pair-parity`
/// wrote it down.
struct BytePairGolden {
  /// One text and what became of it.
  struct Line {
    var text: String
    var ids: [Int32]
    /// The ids without what is put around a text, special tokens being text.
    var plain: [Int32]?
    /// The ids that were decoded.
    var source: [Int32]
    var decoded: String
    var skipping: String
  }

  static let folder = TokenizerGolden.folder.appendingPathComponent("BytePair")
  static let kinds = [
    "olmoe", "llama3", "dbrx", "qwen", "granite", "mixtral", "mistral", "metaspace", "prefixed",
    "pieces", "possessive",
  ]

  /// The bytes of the `tokenizer.json` of a kind.
  static func tokenizerFile(_ kind: String, in folder: URL = folder) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent("\(kind)/tokenizer.json")))
  }

  /// The tokenizer of a kind.
  static func tokenizer(_ kind: String, in folder: URL = folder) throws -> Tokenizer {
    try Tokenizer(json: try tokenizerFile(kind, in: folder), maximumLength: 1 << 24)
  }

  /// The recorded texts of a kind.
  static func lines(_ kind: String, in folder: URL = folder) throws -> [Line] {
    let data = try Data(contentsOf: folder.appendingPathComponent("\(kind)/encodings.jsonl"))
    return try Array(data).split(separator: 0x0A).map { bytes in
      var reader = try JSONReader(try JSONValue(parsing: Array(bytes)))
      let ids = try reader.ids("ids")
      let decoded = try reader.string("decoded")
      return Line(
        text: try reader.string("text"), ids: ids,
        plain: reader.optional("plain") == nil ? nil : try reader.ids("plain"),
        source: reader.optional("ids2") == nil ? ids : try reader.ids("ids2"), decoded: decoded,
        skipping: try reader.optionalString("skipping") ?? decoded)
    }
  }
}
