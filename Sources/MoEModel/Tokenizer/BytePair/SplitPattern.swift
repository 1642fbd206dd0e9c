/// A pattern that pre-tokenizers split by.
///
/// Regular expressions are not run: those that tokenizers use are known by their exact text, and each has
/// a scanner that finds what the expression finds.
enum SplitPattern: Sendable, Equatable {
  /// GPT-2's words: contractions, letters, numbers and other signs with a space before them, white space.
  case words
  /// The words of cl100k and its kin: contractions in any case, letters with one sign before them, numbers
  /// of at most so many digits, signs with the line ends after them, white space up to a line end.
  case caselessWords(digits: Int)
  /// At most so many scalars of one class.
  case run(of: ScalarClasses.Members, atMost: Int)
  /// These bytes, which are not empty.
  case literal([UInt8])

  /// The regular expressions that are understood.
  static let expressions: [(text: String, pattern: SplitPattern)] = [
    (
      #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .words
    ),
    (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#, .caselessWords(digits: 3)
    ),
    (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#, .caselessWords(digits: 1)
    ),
    (
      #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*"#
        + #"|\s*[\r\n]|\s+(?!\S)|\s+"#, .caselessWords(digits: 3)
    ),
    (#"\p{N}"#, .run(of: .number, atMost: 1)),
    (#"\p{N}{1,3}"#, .run(of: .number, atMost: 3)),
    (#"\p{N}+"#, .run(of: .number, atMost: .max)),
    (#"\d"#, .run(of: .decimal, atMost: 1)),
    (#"\d{1,3}"#, .run(of: .decimal, atMost: 3)),
    (#"\d+"#, .run(of: .decimal, atMost: .max)),
    (#"\s+"#, .run(of: .space, atMost: .max)),
  ]

  /// The end of the match that begins at `start`, or `nil` when none begins there.
  func matchEnd(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    switch self {
    case .words: return wordEnd(text, start)
    case .caselessWords(let digits): return caselessWordEnd(text, start, digits: digits)
    case .run(let members, let most):
      let end = runEnd(text, start, atMost: most) { !$0.isDisjoint(with: members) }
      return end > start ? end : nil
    case .literal(let bytes): return text.holds(bytes, at: start) ? start + bytes.count : nil
    }
  }

  private func wordEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    if let end = contractionEnd(text, start, caseless: false) { return end }
    let (members, length) = look(text, start)
    var body = start
    var kind = members
    if text[start] == 0x20, start + 1 < text.count {
      kind = look(text, start + 1).members
      body = start + 1
    }
    if kind.contains(.space) || (body == start && members.contains(.space)) {
      return whiteSpaceEnd(text, start, length: length)
    }
    let class_ = kind.intersection(.named)
    return runEnd(text, body) { $0.intersection(.named) == class_ }
  }

  private func caselessWordEnd(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, digits: Int
  ) -> Int {
    if let end = contractionEnd(text, start, caseless: true) { return end }
    let (members, length) = look(text, start)
    if members.contains(.letter) { return runEnd(text, start) { $0.contains(.letter) } }
    if members.contains(.number) {
      return runEnd(text, start, atMost: digits) { $0.contains(.number) }
    }
    let after = start + length
    if !members.contains(.newline), after < text.count, look(text, after).members.contains(.letter)
    {
      return runEnd(text, after) { $0.contains(.letter) }
    }
    let isRest = { (members: ScalarClasses.Members) in members.isDisjoint(with: .named) }
    let body = text[start] == 0x20 && after < text.count ? after : start
    if isRest(look(text, body).members) {
      let end = runEnd(text, body, isRest)
      return runEnd(text, end) { $0.contains(.newline) }
    }
    if let end = lineEnd(text, start) { return end }
    return whiteSpaceEnd(text, start, length: length)
  }

  private func look(
    _ text: UnsafeBufferPointer<UInt8>, _ position: Int
  ) -> (members: ScalarClasses.Members, length: Int) {
    let (scalar, length) = text.scalar(at: position)
    return (ScalarClasses.shared[scalar], length)
  }

  /// The end of the scalars from `start` on that satisfy a condition.
  @inline(__always)
  private func runEnd(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, atMost most: Int = .max,
    _ isMember: (ScalarClasses.Members) -> Bool
  ) -> Int {
    var position = start
    var count = 0
    while position < text.count, count < most {
      let (members, length) = look(text, position)
      guard isMember(members) else { break }
      position += length
      count += 1
    }
    return position
  }

  /// `\s+(?!\S)|\s+`: all white space, but the last of several when something follows.
  private func whiteSpaceEnd(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, length: Int
  ) -> Int {
    let end = runEnd(text, start) { $0.contains(.space) }
    guard end < text.count else { return end }
    let last = end - text.scalar(before: end).length
    return last > start ? last : start + length
  }

  /// `\s*[\r\n]+`: white space up to the last line end in it.
  private func lineEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    var end: Int?
    var position = start
    while position < text.count {
      let (members, length) = look(text, position)
      guard members.contains(.space) else { break }
      position += length
      if members.contains(.newline) { end = position }
    }
    return end
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`, in any case if asked; the long s is an s then.
  private func contractionEnd(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, caseless: Bool
  ) -> Int? {
    guard text[start] == UInt8(ascii: "'"), start + 1 < text.count else { return nil }
    let fold: UInt8 = caseless ? 0x20 : 0
    let first = text[start + 1] | fold
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
      let second = first == UInt8(ascii: "l") ? first : UInt8(ascii: "e")
      guard start + 2 < text.count, text[start + 2] | fold == second else { return nil }
      return start + 3
    default:
      return caseless && text.holds([0xC5, 0xBF], at: start + 1) ? start + 3 : nil
    }
  }
}
