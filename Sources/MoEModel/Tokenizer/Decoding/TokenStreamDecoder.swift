/// Turns token ids into a text as they come, without ever giving half a character.
///
/// All that it gives, put together, is what ``Tokenizer/decode(_:skippingSpecialTokens:)`` gives for all
/// ids. What the next ids may still change is held back: the first bytes of a character, and a run of byte
/// tokens, which the reference reads as one.
public struct TokenStreamDecoder: Sendable {
  /// What a step keeps between tokens.
  private struct State {
    /// Bytes that may go on.
    var held: [UInt8] = []
    /// Whether a token came before.
    var hasBegun = false
    /// How often it may still strip.
    var stripCount = 0
  }

  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  private var states: [State]
  private var output: [UInt8] = []

  /// Makes a decoder for one sequence of ids.
  public init(_ tokenizer: Tokenizer, skippingSpecialTokens: Bool = false) {
    self.tokenizer = tokenizer
    skipsSpecialTokens = skippingSpecialTokens
    states = tokenizer.decodingSteps.map { step in
      guard case .strip(_, let most) = step else { return State() }
      return State(stripCount: most)
    }
  }

  /// Takes the next id, and gives the text that is complete with it; an id without a token gives nothing.
  public mutating func append(_ id: Int32) -> String {
    if skipsSpecialTokens, tokenizer.isSpecial(id) { return "" }
    guard let token = tokenizer.withToken(id, { Array($0) }) else { return "" }
    receive(token, at: 0)
    return takeOutput()
  }

  /// Gives the text that was held back; the next id begins anew.
  public mutating func finish() -> String {
    for index in states.indices { finish(at: index) }
    defer { self = TokenStreamDecoder(tokenizer, skippingSpecialTokens: skipsSpecialTokens) }
    return takeOutput()
  }

  private mutating func takeOutput() -> String {
    defer { output.removeAll(keepingCapacity: true) }
    return String(decoding: output, as: UTF8.self)
  }

  /// Hands a token, or a piece of the fused one, to a step.
  private mutating func receive(_ token: [UInt8], at index: Int) {
    guard index < states.count else { return output.append(contentsOf: token) }
    let hasBegun = states[index].hasBegun
    states[index].hasBegun = true
    switch tokenizer.decodingSteps[index] {
    case .fuse: receive(token, at: index + 1)
    case .joinBySpaces: receive(hasBegun ? [0x20] + token : token, at: index + 1)
    case .replace(let pattern, let content):
      receive(Self.replacing(pattern, with: content, in: token), at: index + 1)
    case .spaces(let replacement, let dropsFirst):
      let space: [UInt8] = dropsFirst && !hasBegun ? [] : [0x20]
      receive(Self.replacing(replacement, with: space, in: token), at: index + 1)
    case .wordPieces(let prefix, let cleansUp):
      var word = token
      if hasBegun {
        word = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [0x20] + token
      }
      receive(cleansUp ? Self.cleaned(word) : word, at: index + 1)
    case .strip(let content, let most):
      let isFused = tokenizer.decodingSteps[..<index].contains(where: \.fuses)
      var left = isFused ? states[index].stripCount : most
      var start = 0
      while left > 0, token[start...].starts(with: content) {
        start += content.count
        left -= 1
      }
      states[index].stripCount = start < token.count ? 0 : left
      receive(Array(token[start...]), at: index + 1)
    case .bytesAsTokens:
      if let byte = Self.byte(of: token) {
        states[index].held.append(byte)
      } else {
        finish(at: index)
        receive(token, at: index + 1)
      }
    case .spelledBytes:
      states[index].held += token.withUnsafeBufferPointer { ByteAlphabet.decode($0) }
      let held = states[index].held
      let whole = held.count - Self.incompleteCount(held)
      guard whole > 0 else { return }
      states[index].held.removeFirst(whole)
      receive(Array(String(decoding: held[..<whole], as: UTF8.self).utf8), at: index + 1)
    }
  }

  /// Hands on what a step held back.
  private mutating func finish(at index: Int) {
    let held = states[index].held
    guard !held.isEmpty else { return }
    states[index].held.removeAll(keepingCapacity: true)
    let isBroken = String(validating: held, as: UTF8.self) == nil
    if isBroken, tokenizer.decodingSteps[index] == .bytesAsTokens {
      for _ in held { receive(Array("\u{FFFD}".utf8), at: index + 1) }
    } else {
      receive(Array(String(decoding: held, as: UTF8.self).utf8), at: index + 1)
    }
  }

  private static func replacing(
    _ pattern: [UInt8], with content: [UInt8], in token: [UInt8]
  ) -> [UInt8] {
    token.withUnsafeBufferPointer { $0.replacing(pattern, with: content) } ?? token
  }

  /// What the reference's clean-up of English does to one word.
  private static let cleanups: [(String, String)] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ]

  private static func cleaned(_ word: [UInt8]) -> [UInt8] {
    cleanups.reduce(word) { replacing(Array($1.0.utf8), with: Array($1.1.utf8), in: $0) }
  }

  /// The byte that a token `<0x00>` to `<0xFF>` stands for.
  private static func byte(of token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">")
    else { return nil }
    return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
  }

  /// How many bytes at the end begin a character that more bytes could complete.
  private static func incompleteCount(_ bytes: [UInt8]) -> Int {
    for count in 1...3 where count <= bytes.count {
      let start = bytes.count - count
      let lead = bytes[start]
      if lead & 0xC0 == 0x80 { continue }
      let length = lead >= 0xF5 ? 0 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0
      guard length > count else { return 0 }
      guard count > 1 else { return 1 }
      let second = bytes[start + 1]
      let isPossible =
        switch lead {
        case 0xE0: second >= 0xA0
        case 0xED: second < 0xA0
        case 0xF0: second >= 0x90
        case 0xF4: second < 0x90
        default: true
        }
      return isPossible ? count : 0
    }
    return 0
  }
}
