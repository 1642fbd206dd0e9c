/// Cuts the source of a template into text and tags, and the tags into tokens, as Jinja 2 does with
/// `trim_blocks` and `lstrip_blocks`.
struct TemplateLexer {
  /// A token of a tag, or a text between tags.
  enum Token: Equatable {
    case data(String)
    case variableBegin, variableEnd, blockBegin, blockEnd
    case name(String)
    case text(String)
    case integer(Int)
    case number(Double)
    case sign(String)
  }

  private let source: [UInt32]
  private var position = 0
  private var line = 1
  private var tokens: [(token: Token, line: Int)] = []

  /// The tokens of a source, each with its line.
  static func tokens(
    of source: String
  ) throws(ChatTemplateError) -> [(token: Token, line: Int)] {
    var lexer = TemplateLexer(source)
    try lexer.run()
    return lexer.tokens
  }

  /// Line ends become U+000A, and one at the very end is dropped.
  private init(_ source: String) {
    var scalars: [UInt32] = []
    for scalar in source.unicodeScalars.lazy.map(\.value) {
      if scalar == 0x0A, scalars.last == 0x0D { scalars.removeLast() }
      scalars.append(scalar)
    }
    for index in scalars.indices where scalars[index] == 0x0D { scalars[index] = 0x0A }
    if scalars.last == 0x0A { scalars.removeLast() }
    self.source = scalars
  }

  private func fault(_ what: String) -> ChatTemplateError { .unsupported(line: line, what: what) }

  private func holds(_ text: StaticString, at place: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    return place + count <= source.count
      && (0..<count).allSatisfy { source[place + $0] == UInt32(text.utf8Start[$0]) }
  }

  private mutating func advance(to place: Int) {
    for index in position..<place where source[index] == 0x0A { line += 1 }
    position = place
  }

  private mutating func skipSpace() {
    var place = position
    while place < source.count, TemplateText.isSpace(source[place]) { place += 1 }
    advance(to: place)
  }

  private mutating func run() throws(ChatTemplateError) {
    var isLineStart = true
    while position < source.count {
      var end = position
      while end < source.count, !(source[end] == 0x7B && isTag(at: end)) { end += 1 }
      let sign = end + 2 < source.count ? source[end + 2] : 0
      var textEnd = end
      if end < source.count {
        if sign == 0x2D {
          while textEnd > position, TemplateText.isSpace(source[textEnd - 1]) { textEnd -= 1 }
        } else if sign != 0x2B, source[end + 1] != 0x7B {
          var start = end
          while start > position, source[start - 1] != 0x0A { start -= 1 }
          let isWhole = start > position || isLineStart
          if isWhole, (start..<end).allSatisfy({ TemplateText.isSpace(source[$0]) }) {
            textEnd = start
          }
        }
      }
      if textEnd > position {
        tokens.append((.data(TemplateText(units: source[position..<textEnd]).string), line))
      }
      advance(to: end)
      guard position < source.count else { return }
      let kind = source[position + 1]
      advance(to: min(source.count, position + (sign == 0x2D || sign == 0x2B ? 3 : 2)))
      switch kind {
      case 0x23: try skipComment()
      case 0x7B: try readTag(.variableBegin, .variableEnd)
      default: try readTag(.blockBegin, .blockEnd)
      }
      isLineStart = source[position - 1] == 0x0A
    }
  }

  private func isTag(at place: Int) -> Bool {
    holds("{{", at: place) || holds("{%", at: place) || holds("{#", at: place)
  }

  private mutating func skipComment() throws(ChatTemplateError) {
    guard let end = (position..<source.count).first(where: { holds("#}", at: $0) }) else {
      throw fault("a comment without its end `#}`")
    }
    let sign = end > position ? source[end - 1] : 0
    advance(to: end + 2)
    endTag(sign, trims: true)
  }

  /// What stands after a tag: all white space with `-`, else one line end after a block or comment.
  private mutating func endTag(_ sign: UInt32, trims: Bool) {
    if sign == 0x2D {
      skipSpace()
    } else if sign != 0x2B, trims, position < source.count, source[position] == 0x0A {
      advance(to: position + 1)
    }
  }

  private mutating func readTag(_ begin: Token, _ end: Token) throws(ChatTemplateError) {
    tokens.append((begin, line))
    var brackets: [UInt32] = []
    while true {
      skipSpace()
      guard position < source.count else { throw fault("a tag without its end") }
      if brackets.isEmpty {
        let isBlock = end == .blockEnd
        let signed = source[position] == 0x2D || isBlock && source[position] == 0x2B
        let place = position + (signed ? 1 : 0)
        if isBlock ? holds("%}", at: place) : holds("}}", at: place) {
          let sign = signed ? source[position] : 0
          tokens.append((end, line))
          advance(to: place + 2)
          return endTag(sign, trims: isBlock)
        }
      }
      try readToken(&brackets)
    }
  }

  private static let closing: [UInt32: UInt32] = [0x29: 0x28, 0x5D: 0x5B, 0x7D: 0x7B]
  private static let signs: [StaticString] = [
    "**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}",
    ">", "<", "=", ".", ":", "|", ",",
  ]

  private mutating func readToken(_ brackets: inout [UInt32]) throws(ChatTemplateError) {
    let first = source[position]
    let start = position
    if Self.isNameScalar(first), !Self.isDigit(first) {
      var end = position
      while end < source.count, Self.isNameScalar(source[end]) { end += 1 }
      tokens.append((.name(TemplateText(units: source[start..<end]).string), line))
      return advance(to: end)
    }
    if Self.isDigit(first) { return try readNumber() }
    if first == 0x22 || first == 0x27 { return try readText(quote: first) }
    guard let sign = Self.signs.first(where: { holds($0, at: start) }) else {
      throw fault("the character \(quoted(TemplateText(units: [first]).string)) in a tag")
    }
    if "([{".unicodeScalars.contains(where: { $0.value == first }) { brackets.append(first) }
    if let opening = Self.closing[first], brackets.popLast() != opening {
      throw fault("a bracket without its other half")
    }
    tokens.append((.sign("\(sign)"), line))
    advance(to: start + sign.utf8CodeUnitCount)
  }

  private static func isDigit(_ scalar: UInt32) -> Bool { (0x30...0x39).contains(scalar) }
  private static func isNameScalar(_ scalar: UInt32) -> Bool {
    isDigit(scalar) || scalar == 0x5F || (0x41...0x5A).contains(scalar & ~0x20)
  }

  private mutating func readNumber() throws(ChatTemplateError) {
    var end = position
    var isWhole = true
    while end < source.count {
      let isPoint =
        source[end] == 0x2E && isWhole && end + 1 < source.count && Self.isDigit(source[end + 1])
      guard Self.isDigit(source[end]) || isPoint else { break }
      if isPoint { isWhole = false }
      end += 1
    }
    let text = TemplateText(units: source[position..<end]).string
    guard end == source.count || !Self.isNameScalar(source[end]) else {
      throw fault("the number \(quoted(text)) with letters after it")
    }
    if isWhole, let value = Int(text) {
      tokens.append((.integer(value), line))
    } else if !isWhole, let value = Double(text) {
      tokens.append((.number(value), line))
    } else {
      throw fault("the number \(quoted(text))")
    }
    advance(to: end)
  }

  private static let escapes: [UInt32: UInt32] = [
    0x5C: 0x5C, 0x27: 0x27, 0x22: 0x22, 0x6E: 0x0A, 0x74: 0x09, 0x72: 0x0D, 0x61: 0x07, 0x62: 0x08,
    0x66: 0x0C, 0x76: 0x0B,
  ]

  private mutating func readText(quote: UInt32) throws(ChatTemplateError) {
    var text: [UInt32] = []
    var place = position + 1
    while place < source.count, source[place] != quote {
      guard source[place] == 0x5C else {
        text.append(source[place])
        place += 1
        continue
      }
      guard place + 1 < source.count else { break }
      let escape = source[place + 1]
      place += 2
      if let scalar = Self.escapes[escape] {
        text.append(scalar)
      } else if let count = [0x78: 2, 0x75: 4, 0x55: 8][escape] {
        let digits = TemplateText(units: source[place..<min(source.count, place + count)]).string
        guard digits.count == count, let value = UInt32(digits, radix: 16),
          Unicode.Scalar(value) != nil
        else { throw fault("an escape in a text that names no character") }
        text.append(value)
        place += count
      } else if Self.isDigit(escape) || escape == 0x4E {
        throw fault("an octal or named escape in a text")
      } else if escape != 0x0A {
        text += [0x5C, escape]
      }
    }
    guard place < source.count else { throw fault("a text without its closing quote") }
    tokens.append((.text(TemplateText(units: text).string), line))
    advance(to: place + 1)
  }
}
