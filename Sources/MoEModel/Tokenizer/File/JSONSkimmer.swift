/// Finds where the vocabulary and the merges of a `tokenizer.json` stand, without reading the rest.
///
/// They are most of the file. ``VocabularyReader`` reads them from their bytes, and a `JSONValue` is made
/// of the document with `null` in their place.
struct JSONSkimmer {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  /// Where a value stands, keyed by its key under `model`.
  private(set) var ranges: [String: Range<Int>] = [:]

  /// Skims a document, and finds the values of `keys` in its object `model`.
  ///
  /// `nil` when the document has not the shape of one; what is wrong is for a strict reader to say.
  init?(_ bytes: UnsafeBufferPointer<UInt8>, keys: [String]) {
    self.bytes = bytes
    let isRead = skimObject { skimmer, key in
      guard key == "model" else { return skimmer.skipValue() }
      return skimmer.skimObject { skimmer, key in
        let start = skimmer.position
        guard skimmer.skipValue() else { return false }
        if keys.contains(key) { skimmer.ranges[key] = start..<skimmer.position }
        return true
      }
    }
    guard isRead else { return nil }
  }

  /// The document with `null` in place of what was found.
  func rest() -> [UInt8] {
    var output: [UInt8] = []
    var done = 0
    for range in ranges.values.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      output += bytes[done..<range.lowerBound]
      output += Array("null".utf8)
      done = range.upperBound
    }
    return output + bytes[done...]
  }

  private mutating func skipWhiteSpace() {
    while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipWhiteSpace()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  /// Goes over an object, and gives `body` each key, with the position at its value.
  private mutating func skimObject(
    _ body: (inout JSONSkimmer, String) -> Bool
  ) -> Bool {
    guard take(UInt8(ascii: "{")) else { return false }
    if take(UInt8(ascii: "}")) { return true }
    repeat {
      skipWhiteSpace()
      let start = position + 1
      guard skipString() else { return false }
      let key = String(decoding: bytes[start..<position - 1], as: UTF8.self)
      guard take(UInt8(ascii: ":")) else { return false }
      skipWhiteSpace()
      guard body(&self, key) else { return false }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}"))
  }

  private mutating func skipString() -> Bool {
    guard take(UInt8(ascii: "\"")) else { return false }
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return true }
      if byte == UInt8(ascii: "\\") { position += 1 }
    }
    return false
  }

  /// Goes over a value by its brackets alone.
  private mutating func skipValue() -> Bool {
    var depth = 0
    repeat {
      skipWhiteSpace()
      guard position < bytes.count else { return false }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard skipString() else { return false }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        position += 1
      default: position += 1
      }
    } while depth > 0
    if depth < 0 { return false }
    // The rest of a number or a word.
    while position < bytes.count, !Self.ends.contains(bytes[position]) { position += 1 }
    return true
  }

  private static let ends = Array(",}] \n\r\t".utf8)
}
