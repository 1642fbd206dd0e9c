/// Takes the pieces of a text as they are found.
protocol PieceReceiver {
  /// Takes a piece, not empty.
  mutating func receive(piece: UnsafeBufferPointer<UInt8>)
  /// Takes a token that stood in the text.
  mutating func receive(addedToken id: Int32)
}

/// What becomes of the matches of a ``SplitPattern``.
enum SplitBehavior: String, Sendable, CaseIterable {
  /// They are left out.
  case removed = "Removed"
  /// Each is a piece.
  case isolated = "Isolated"
  /// Each is joined to the piece before it, unless that is a match.
  case mergedWithPrevious = "MergedWithPrevious"
  /// Each is joined to the piece after it, unless that is a match.
  case mergedWithNext = "MergedWithNext"
  /// Neighbouring matches are one piece.
  case contiguous = "Contiguous"
}

/// Splits a text into the pieces that the model gets: the pre-tokenizer.
struct PieceSplitter: Sendable {
  /// Where a space, or what stands for it, is put before a text.
  enum Prefixing: String, Sendable, CaseIterable {
    /// Before every stretch between added tokens.
    case always
    /// Before the beginning of the text alone.
    case first
    /// Nowhere.
    case never
  }

  /// One step.
  enum Step: Sendable, Equatable {
    /// Splits by a pattern; with `inverted`, what the pattern does not match is the match.
    case split(SplitPattern, SplitBehavior, inverted: Bool)
    /// Puts a space before what does not begin with one.
    case prependSpace
    /// Replaces spaces, and puts the replacement before what does not begin with it.
    case replaceSpaces(with: [UInt8], Prefixing)
  }

  /// The steps, each applied to the pieces of the one before.
  var steps: [Step] = []

  /// Gives `receiver` the pieces of a text, in order.
  ///
  /// - Parameters:
  ///   - text: Well-formed UTF-8.
  ///   - isAtStart: Whether it is the beginning of the whole text.
  ///   - receiver: What takes them.
  func split<Receiver: PieceReceiver>(
    _ text: UnsafeBufferPointer<UInt8>, isAtStart: Bool, into receiver: inout Receiver
  ) {
    run(0, text, isAtStart, &receiver)
  }

  private func run<Receiver: PieceReceiver>(
    _ index: Int, _ text: UnsafeBufferPointer<UInt8>, _ isAtStart: Bool,
    _ receiver: inout Receiver
  ) {
    guard !text.isEmpty else { return }
    guard index < steps.count else { return receiver.receive(piece: text) }
    switch steps[index] {
    case .prependSpace:
      if text[0] == 0x20 { return run(index + 1, text, isAtStart, &receiver) }
      ([0x20] + text).withUnsafeBufferPointer { run(index + 1, $0, isAtStart, &receiver) }
    case .replaceSpaces(let replacement, let prefixing):
      var changed = text.replacing([0x20], with: replacement) ?? Array(text)
      let wantsPrefix = prefixing == .always || prefixing == .first && isAtStart
      if wantsPrefix, !changed.starts(with: replacement) { changed = replacement + changed }
      changed.withUnsafeBufferPointer { run(index + 1, $0, isAtStart, &receiver) }
    case .split(let pattern, let behavior, let inverted):
      var joiner = PieceJoiner(behavior: behavior)
      var position = 0
      var gap = 0
      func take(_ range: Range<Int>, isMatch: Bool) {
        guard !range.isEmpty else { return }
        if let piece = joiner.take(range, isMatch: isMatch != inverted) { give(piece) }
      }
      func give(_ piece: Range<Int>) {
        run(index + 1, text.part(piece), isAtStart && piece.lowerBound == 0, &receiver)
      }
      while position < text.count {
        if let end = pattern.matchEnd(in: text, from: position) {
          take(gap..<position, isMatch: false)
          take(position..<end, isMatch: true)
          position = end
          gap = end
        } else {
          position += text.scalar(at: position).length
        }
      }
      take(gap..<text.count, isMatch: false)
      if let piece = joiner.held { give(piece) }
    }
  }
}

/// Joins matches and what stands between them, as a ``SplitBehavior`` says.
private struct PieceJoiner {
  let behavior: SplitBehavior
  /// The piece that may still grow.
  private(set) var held: Range<Int>?
  private var wasMatch = false

  init(behavior: SplitBehavior) { self.behavior = behavior }

  /// Takes the next range, and gives a piece that is complete.
  mutating func take(_ range: Range<Int>, isMatch: Bool) -> Range<Int>? {
    if behavior == .isolated { return range }
    if behavior == .removed { return isMatch ? nil : range }
    let joins =
      switch behavior {
      case .mergedWithPrevious: isMatch && !wasMatch
      case .mergedWithNext: !isMatch && wasMatch
      case .contiguous: isMatch == wasMatch
      case .isolated, .removed: false
      }
    wasMatch = isMatch
    if joins, let start = held?.lowerBound {
      held = start..<range.upperBound
      return nil
    }
    defer { held = range }
    return held
  }
}
