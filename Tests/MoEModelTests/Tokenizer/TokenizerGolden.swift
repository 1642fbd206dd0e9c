import Foundation
import MoEBase
import MoEModel

/// What Hugging Face `tokenizers` gave, as `tools/reference/tokenizer-parity --golden` wrote it down.
struct TokenizerGolden {
  /// One text and what became of it.
  struct Line {
    var text: String
    var utf8: [UInt8]
    var small: Encoding
    var backbone: Encoding
  }

  /// The digest of every scalar's words under some settings of the normalizer.
  struct Scalars {
    var settings: [(key: String, value: Bool)]
    var sha256: String
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")

  let maximumLength: Int
  let lines: [Line]
  let scalars: [Scalars]
  /// The digest of the `tokenizer.json` that the backbone's ids were recorded with.
  let backboneTokenizer: Digest

  init() throws {
    var reader = try JSONReader(
      try JSONValue(parsing: try Self.bytes("recording.json")), path: "recording.json")
    _ = try reader.string("tokenizers")
    maximumLength = try reader.integer("maximumLength", in: 3...512)
    backboneTokenizer = try reader.digest("backboneTokenizer")
    var scalars: [Scalars] = []
    for var entry in try reader.objects("scalars") {
      var settings: [(key: String, value: Bool)] = []
      for key in entry.keys where key != "sha256" { settings.append((key, try entry.boolean(key))) }
      scalars.append(Scalars(settings: settings, sha256: try entry.string("sha256")))
    }
    self.scalars = scalars
    try reader.finish()
    lines = try Self.bytes("encodings.jsonl").split(separator: 0x0A).map { bytes in
      try Line(JSONReader(try JSONValue(parsing: Array(bytes))))
    }
  }

  /// The small `tokenizer.json`.
  static func tokenizerFile() throws -> [UInt8] { try bytes("tokenizer.json") }

  private static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// The `tokenizer.json` of the backbone, if one is on this machine with the recorded digest.
  static let backboneFile: [UInt8]? = {
    guard let golden = try? TokenizerGolden() else { return nil }
    let environment = ProcessInfo.processInfo.environment
    var folders: [URL] = []
    if let named = environment["MOEPACK_BACKBONE_DIR"] {
      folders.append(URL(fileURLWithPath: named))
    }
    let home = URL(fileURLWithPath: environment["HOME"] ?? "/")
    let data =
      environment["XDG_DATA_HOME"].map { URL(fileURLWithPath: $0) }
      ?? home.appendingPathComponent(".local/share")
    let registered = data.appendingPathComponent("moe-pack/backbones")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: registered.path)) ?? []
    folders += names.sorted().map { registered.appendingPathComponent($0) }
    for folder in folders {
      guard let data = try? Data(contentsOf: folder.appendingPathComponent("tokenizer.json")),
        Digest(of: data) == golden.backboneTokenizer
      else { continue }
      return Array(data)
    }
    return nil
  }()
}

extension TokenizerGolden.Line {
  fileprivate init(_ reader: JSONReader) throws {
    var reader = reader
    if let hex = try reader.optionalString("utf8") {
      let digits = Array(hex)
      utf8 = stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(digits[$0..<$0 + 2]), radix: 16)
      }
      text = String(decoding: utf8, as: UTF8.self)
    } else {
      let unit = try reader.string("text")
      let count =
        reader.optional("repeat") == nil ? 1 : try reader.integer("repeat", in: 1...200_000)
      text = String(repeating: unit, count: count)
      utf8 = Array(text.utf8)
    }
    small = Encoding(
      ids: try reader.ids("ids"), tokenCount: try reader.integer("count", in: 2...1_000_000))
    backbone = Encoding(
      ids: try reader.ids("backboneIDs"),
      tokenCount: try reader.integer("backboneCount", in: 2...1_000_000))
    try reader.finish()
  }
}

extension JSONReader {
  /// An array of token ids.
  mutating func ids(_ key: String) throws -> [Int32] {
    try array(key).map { value in
      guard case .integer(let id) = value else {
        throw JSONSchemaError(path: path(of: key), expected: "whole numbers", got: value.kind)
      }
      return Int32(id)
    }
  }
}

/// Gives `value` with the member at `path` replaced, added, or (`nil`) removed.
func editing(_ value: JSONValue, at path: [String], to new: JSONValue?) -> JSONValue {
  guard let key = path.first else { return new ?? .null }
  guard case .object(var members) = value else {
    guard case .array(var elements) = value, let index = Int(key) else { return value }
    elements[index] = editing(elements[index], at: Array(path.dropFirst()), to: new)
    return .array(elements)
  }
  let index = members.firstIndex { $0.key == key }
  if path.count == 1, new == nil {
    if let index { members.remove(at: index) }
  } else if let index {
    let edited = editing(members[index].value, at: Array(path.dropFirst()), to: new)
    members[index] = JSONMember(key, edited)
  } else {
    members.append(JSONMember(key, new ?? .null))
  }
  return .object(members)
}
