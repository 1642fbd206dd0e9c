/// What the split patterns and added tokens of byte-pair tokenizers ask of a scalar.
///
/// Like ``UnicodeTables`` these are the classes of Hugging Face `tokenizers` and not the toolchain's; they
/// are read once in a process, in about two milliseconds.
struct ScalarClasses: Sendable {
  /// What may hold of one scalar.
  struct Members: OptionSet, Sendable {
    let rawValue: UInt8
    /// `\p{L}`.
    static let letter = Members(rawValue: 1 << 0)
    /// `\p{N}`.
    static let number = Members(rawValue: 1 << 1)
    /// `\s`.
    static let space = Members(rawValue: 1 << 2)
    /// `\d`.
    static let decimal = Members(rawValue: 1 << 3)
    /// What the pre-tokenizer `Digits` takes for a digit.
    static let numeric = Members(rawValue: 1 << 4)
    /// A scalar beside which a token of `single_word` is none.
    static let word = Members(rawValue: 1 << 5)
    /// U+000A and U+000D.
    static let newline = Members(rawValue: 1 << 6)
    /// What no pattern takes for a letter, a number or white space is the rest.
    static let named: Members = [.letter, .number, .space]
  }

  /// The classes, shared by all tokenizers of the process.
  static let shared = ScalarClasses()

  private var members = [UInt8](repeating: 0, count: 0x110000)

  private init() {
    mark(UnicodeData.letters, .letter)
    mark(UnicodeData.numbers, .number)
    mark(UnicodeData.decimals, .decimal)
    mark(UnicodeData.numerics, .numeric)
    mark(UnicodeData.wordScalars, .word)
    for scalar in UInt32(0)..<0x3001 where UnicodeTables.shared[scalar].contains(.whiteSpace) {
      members[Int(scalar)] |= Members.space.rawValue
    }
    for scalar in [0x0A, 0x0D] { members[scalar] |= Members.newline.rawValue }
  }

  private mutating func mark(_ ranges: StaticString, _ member: Members) {
    ranges.forEachRange { range in
      for scalar in range { members[Int(scalar)] |= member.rawValue }
    }
  }

  /// The classes of a scalar below 0x110000.
  @inline(__always)
  subscript(scalar: UInt32) -> Members { Members(rawValue: members[Int(scalar)]) }
}
