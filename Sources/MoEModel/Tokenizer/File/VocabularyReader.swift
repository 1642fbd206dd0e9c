import MoEBase

/// Reads the vocabulary and the merges of a byte-pair model from their bytes in the file.
///
/// A vocabulary of 300,000 tokens is read in about a tenth of a second; values of `JSONValue` would take
/// ten times that.
struct VocabularyReader {
  /// The text is not JSON, or its strings are not UTF-8; a strict reader says where.
  struct Malformed: Error {}

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Reads an object of tokens and ids.
  static func vocabulary(_ bytes: UnsafeBufferPointer<UInt8>) throws -> Vocabulary {
    let path = "model.vocab"
    var reader = VocabularyReader(bytes)
    var vocabulary = Vocabulary(capacity: bytes.count / 24)
    guard reader.take(UInt8(ascii: "{")) else {
      throw JSONSchemaError(
        path: path, expected: "an object of tokens and ids", got: "another value")
    }
    if reader.take(UInt8(ascii: "}")) {
      throw JSONSchemaError(
        path: path, expected: "an object with at least one token", got: "an empty one")
    }
    repeat {
      let conflict = try reader.string { token, reader in
        guard reader.take(UInt8(ascii: ":")) else { throw Malformed() }
        guard let id = try reader.wholeNumber() else {
          let name = String(decoding: token, as: UTF8.self)
          throw JSONSchemaError(
            path: path, expected: "whole numbers from 0 to \(Vocabulary.idLimit - 1)",
            got: "another value for \(quoted(name))")
        }
        return vocabulary.insert(token, id: id).map {
          (String(decoding: token, as: UTF8.self), id, $0)
        }
      }
      if let (name, id, conflict) = conflict {
        throw Self.error(conflict, token: name, id: id, in: vocabulary, path: path)
      }
    } while reader.take(UInt8(ascii: ","))
    try reader.end(UInt8(ascii: "}"))
    return vocabulary
  }

  private static func error(
    _ conflict: Vocabulary.Conflict, token: String, id: Int, in vocabulary: Vocabulary, path: String
  ) -> any Error {
    switch conflict {
    case .tokenTaken: return Malformed()
    case .idTaken:
      let other = vocabulary[Int32(id)] ?? ""
      return JSONSchemaError(
        path: path, expected: "each id once",
        got: "\(id) for both \(quoted(other)) and \(quoted(token))"
      )
    case .idTooHigh:
      return JSONSchemaError(
        path: path, expected: "whole numbers from 0 to \(Vocabulary.idLimit - 1)",
        got: "\(id) for \(quoted(token))")
    case .tooManyBytes:
      return JSONSchemaError(
        path: path, expected: "tokens of at most \(Vocabulary.byteLimit) bytes together",
        got: "more")
    }
  }

  /// Reads an array of merges, each a string `left right` or a pair of strings.
  static func merges(
    _ bytes: UnsafeBufferPointer<UInt8>, vocabulary: Vocabulary
  ) throws -> MergeTable {
    var reader = VocabularyReader(bytes)
    var merges = MergeTable(capacity: bytes.count / 20)
    guard reader.take(UInt8(ascii: "[")) else {
      throw JSONSchemaError(
        path: "model.merges", expected: "an array of merges", got: "another value")
    }
    if reader.take(UInt8(ascii: "]")) { return merges }
    var rank = 0
    var joined: [UInt8] = []
    repeat {
      joined.removeAll(keepingCapacity: true)
      guard let split = try reader.merge(into: &joined, index: rank) else { continue }
      let ids = joined.withUnsafeBufferPointer { text in
        (
          vocabulary.id(of: text.part(0..<split)), vocabulary.id(of: text.part(split..<text.count)),
          vocabulary.id(of: text)
        )
      }
      guard let left = ids.0, let right = ids.1, let merged = ids.2 else {
        let parts = [joined[..<split], joined[split...], joined[...]]
        let missing = ids.0 == nil ? parts[0] : ids.1 == nil ? parts[1] : parts[2]
        throw JSONSchemaError(
          path: "model.merges[\(rank)]", expected: "tokens of `model.vocab`",
          got: quoted(String(decoding: missing, as: UTF8.self)))
      }
      merges.insert(left: left, right: right, rank: rank, merged: merged)
      rank += 1
    } while reader.take(UInt8(ascii: ","))
    try reader.end(UInt8(ascii: "]"))
    return merges
  }

  /// Appends both tokens of a merge, and gives the length of the first; `nil` for a line that is a
  /// comment of the old format.
  private mutating func merge(into joined: inout [UInt8], index: Int) throws -> Int? {
    if take(UInt8(ascii: "[")) {
      try string {
        joined += $0; _ = $1
      }
      let split = joined.count
      guard take(UInt8(ascii: ",")) else { throw Self.badMerge(index) }
      try string {
        joined += $0; _ = $1
      }
      guard take(UInt8(ascii: "]")) else { throw Self.badMerge(index) }
      return split
    }
    skipWhiteSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      throw Self.badMerge(index)
    }
    return try string { text, _ in
      if text.starts(with: Array("#version".utf8)) { return nil }
      guard let space = text.firstIndex(of: 0x20), !text[(space + 1)...].contains(0x20) else {
        throw Self.badMerge(index)
      }
      joined += text[..<space]
      joined += text[(space + 1)...]
      return space
    }
  }

  private static func badMerge(_ index: Int) -> JSONSchemaError {
    JSONSchemaError(
      path: "model.merges[\(index)]",
      expected: "two tokens, as a pair or with a space between them",
      got: "something else")
  }

  private mutating func skipWhiteSpace() {
    while position < bytes.count, bytes[position].isJSONSpace {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipWhiteSpace()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func end(_ byte: UInt8) throws {
    guard take(byte) else { throw Malformed() }
    skipWhiteSpace()
    guard position == bytes.count else { throw Malformed() }
  }

  /// A whole number from 0; `nil` when another value stands there.
  private mutating func wholeNumber() throws -> Int? {
    skipWhiteSpace()
    let start = position
    var value = 0
    while position < bytes.count, bytes[position] &- 0x30 < 10, position - start < 10 {
      value = 10 * value + Int(bytes[position] - 0x30)
      position += 1
    }
    guard position > start, position < bytes.count else { return nil }
    if bytes[start] == 0x30, position - start > 1 { throw Malformed() }
    let next = bytes[position]
    let isEnd = next == UInt8(ascii: ",") || next == UInt8(ascii: "}") || next.isJSONSpace
    return isEnd ? value : nil
  }

  /// Reads a string, and gives `body` its bytes.
  private mutating func string<Result>(
    _ body: (UnsafeBufferPointer<UInt8>, inout VocabularyReader) throws -> Result
  ) throws -> Result {
    guard take(UInt8(ascii: "\"")) else { throw Malformed() }
    let start = position
    var isPlain = true
    var isASCII = true
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      let byte = bytes[position]
      if byte < 0x20 { throw Malformed() }
      if byte >= 0x80 { isASCII = false }
      if byte == UInt8(ascii: "\\") {
        isPlain = false
        position += 1
      }
      position += 1
    }
    guard position < bytes.count else { throw Malformed() }
    let raw = bytes.part(start..<position)
    position += 1
    if isPlain, isASCII || String(validating: raw, as: UTF8.self) != nil {
      return try body(raw, &self)
    }
    let value = try JSONValue(parsing: [UInt8(ascii: "\"")] + raw + [UInt8(ascii: "\"")])
    guard case .string(var text) = value else { throw Malformed() }
    return try text.withUTF8 { try body($0, &self) }
  }
}

extension UInt8 {
  /// What JSON takes for white space.
  fileprivate var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
