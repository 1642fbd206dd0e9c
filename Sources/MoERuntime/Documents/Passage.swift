/// A piece of a document that is read on its own: a paragraph, or part of one that is too long.
public struct Passage: Sendable, Equatable {
  /// Its text.
  public let text: String
  /// Where it stands, in bytes of the document's UTF-8.
  public let range: Range<Int>
  /// The line it begins on, from 1.
  public let line: Int
  /// The heading it stands under, in Markdown.
  public let heading: String?
}

/// A document in plain text or Markdown, as passages.
public struct PassageList: Sendable {
  /// The whole text.
  public let text: String
  /// Its passages, in order; none overlaps another.
  public let passages: [Passage]

  /// Splits a document at blank lines, and at headings and code fences of Markdown; what is longer than a
  /// transformer takes is split again, between sentences, else between words.
  ///
  /// - Parameters:
  ///   - text: The document.
  ///   - isMarkdown: Whether `#` begins a heading and ``` a fence.
  ///   - tokenLimit: The most tokens of a passage.
  ///   - tokenCount: How many tokens a text has.
  public init(
    _ text: String, isMarkdown: Bool, tokenLimit: Int, tokenCount: (String) -> Int
  ) {
    self.text = text
    let bytes = Array(text.utf8)
    var scanner = BlockScanner(bytes, isMarkdown: isMarkdown)
    passages = withoutActuallyEscaping(tokenCount) { tokenCount in
      let splitter = PassageSplitter(
        bytes: bytes, tokenLimit: tokenLimit, tokenCount: tokenCount)
      var passages: [Passage] = []
      while let block = scanner.next() {
        for range in splitter.pieces(of: block.range) {
          let before = bytes[block.range.lowerBound..<range.lowerBound]
          passages.append(
            Passage(
              text: String(decoding: bytes[range], as: UTF8.self), range: range,
              line: block.line + before.count { $0 == 0x0A }, heading: block.heading))
        }
      }
      return passages
    }
  }
}

/// Reads the blocks of a document one after the other.
private struct BlockScanner {
  struct Block {
    let range: Range<Int>
    let line: Int
    let heading: String?
  }

  private let bytes: [UInt8]
  private let isMarkdown: Bool
  private var position = 0
  private var line = 0
  private var heading: String?

  init(_ bytes: [UInt8], isMarkdown: Bool) {
    self.bytes = bytes
    self.isMarkdown = isMarkdown
  }

  /// The next block without the white space around it; `nil` at the end.
  mutating func next() -> Block? {
    var start: Int?
    var startLine = 0
    var end = 0
    var fence: UInt8?
    while position < bytes.count {
      let row = nextLine()
      let content = trimmed(row)
      if fence == nil, content.isEmpty {
        position = row.upperBound + 1
        line += 1
        if start != nil { break }
        continue
      }
      if isMarkdown, fence == nil, let title = title(content) {
        if start != nil { break }
        heading = title
        position = row.upperBound + 1
        line += 1
        continue
      }
      if isMarkdown, let mark = fenceMark(content) {
        if fence == nil { fence = mark } else if fence == mark { fence = nil }
      }
      position = row.upperBound + 1
      line += 1
      if start == nil {
        start = content.lowerBound
        startLine = line
      }
      if !content.isEmpty { end = content.upperBound }
    }
    guard let start, start < end else { return nil }
    return Block(range: start..<end, line: startLine, heading: heading)
  }

  private func nextLine() -> Range<Int> {
    let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
    return position..<end
  }

  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high, Self.isSpace(bytes[low]) { low += 1 }
    while high > low, Self.isSpace(bytes[high - 1]) { high -= 1 }
    return low..<high
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  /// The title of a heading line: 1 to 6 `#` and a space.
  private func title(_ range: Range<Int>) -> String? {
    let marks = bytes[range].prefix { $0 == UInt8(ascii: "#") }.count
    guard (1...6).contains(marks), marks < range.count,
      Self.isSpace(bytes[range.lowerBound + marks])
    else { return nil }
    let rest = trimmed(range.lowerBound + marks..<range.upperBound)
    return String(decoding: bytes[rest], as: UTF8.self)
  }

  private func fenceMark(_ range: Range<Int>) -> UInt8? {
    guard range.count >= 3 else { return nil }
    let first = bytes[range.lowerBound]
    guard first == UInt8(ascii: "`") || first == UInt8(ascii: "~") else { return nil }
    return bytes[range].prefix(3).allSatisfy { $0 == first } ? first : nil
  }
}

/// Cuts what is too long for one pass.
private struct PassageSplitter {
  let bytes: [UInt8]
  let tokenLimit: Int
  let tokenCount: (String) -> Int

  /// The pieces of a block, in order.
  func pieces(of range: Range<Int>) -> [Range<Int>] {
    guard isTooLong(range) else { return [range] }
    var pieces: [Range<Int>] = []
    var open: Range<Int>?
    for sentence in sentences(range) {
      if let current = open, !isTooLong(current.lowerBound..<sentence.upperBound) {
        open = current.lowerBound..<sentence.upperBound
        continue
      }
      if let current = open { pieces.append(current) }
      open = nil
      if isTooLong(sentence) { pieces += halves(sentence) } else { open = sentence }
    }
    if let open { pieces.append(open) }
    return pieces
  }

  private func isTooLong(_ range: Range<Int>) -> Bool {
    // A token has at least one byte, the special ones apart.
    guard range.count + 2 > tokenLimit else { return false }
    return tokenCount(String(decoding: bytes[range], as: UTF8.self)) > tokenLimit
  }

  /// Runs that end in `.`, `!`, `?` before white space, or at the end of a line.
  private func sentences(_ range: Range<Int>) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var start = range.lowerBound
    for index in range {
      let isEnd =
        bytes[index] == 0x0A
        || (bytes[index] == 0x20 && index > start && ".!?".utf8.contains(bytes[index - 1]))
      guard isEnd else { continue }
      if index > start { result.append(start..<index) }
      start = index + 1
    }
    if start < range.upperBound { result.append(start..<range.upperBound) }
    return result
  }

  /// Halves at the white space nearest the middle, or at a character where there is none.
  private func halves(_ range: Range<Int>) -> [Range<Int>] {
    guard isTooLong(range), range.count > 1 else { return [range] }
    let middle = (range.lowerBound + range.upperBound) / 2
    let cut =
      bytes[middle..<range.upperBound].firstIndex(of: 0x20)
      ?? bytes[range.lowerBound..<middle].lastIndex(of: 0x20)
    if let cut, cut > range.lowerBound, cut + 1 < range.upperBound {
      return halves(range.lowerBound..<cut) + halves(cut + 1..<range.upperBound)
    }
    // Not inside of a character.
    var place = middle
    while place > range.lowerBound, bytes[place] & 0xC0 == 0x80 { place -= 1 }
    guard place > range.lowerBound else { return [range] }
    return halves(range.lowerBound..<place) + halves(place..<range.upperBound)
  }
}
