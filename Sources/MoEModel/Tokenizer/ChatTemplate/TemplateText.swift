/// A text of a template: Unicode scalars, each with a mark that says whether it came from outside.
///
/// The mark goes wherever the scalar goes (slices, joins, replacements), so that the finished prompt knows
/// which of its parts a message wrote, and special tokens in them can be taken for plain text.
struct TemplateText: Sendable {
  /// The mark, beside the scalar's value.
  private static let mark: UInt32 = 1 << 31

  /// The scalars with their marks.
  private(set) var units: [UInt32]

  /// Makes a text; `isFromOutside` marks all of it.
  init(_ text: String = "", isFromOutside: Bool = false) {
    units = text.unicodeScalars.map { $0.value | (isFromOutside ? Self.mark : 0) }
  }

  /// Makes a text of scalars with their marks.
  init(units: some Sequence<UInt32>) { self.units = Array(units) }

  /// How many scalars it has.
  var count: Int { units.count }
  /// Whether it has none.
  var isEmpty: Bool { units.isEmpty }

  /// The scalar at a place, without its mark.
  subscript(index: Int) -> UInt32 { units[index] & ~Self.mark }

  /// The scalars of a range.
  subscript(range: Range<Int>) -> TemplateText { TemplateText(units: units[range]) }

  /// The text without marks.
  var string: String {
    var view = String.UnicodeScalarView()
    for unit in units { view.append(Unicode.Scalar(unit & ~Self.mark) ?? "\u{FFFD}") }
    return String(view)
  }

  /// Whether both have the same scalars, whatever their marks.
  func isSame(as other: TemplateText) -> Bool {
    count == other.count
      && zip(units, other.units).allSatisfy { $0 & ~Self.mark == $1 & ~Self.mark }
  }

  /// Whether it comes before another by its scalars, as Python compares.
  func precedes(_ other: TemplateText) -> Bool {
    units.lazy.map { $0 & ~Self.mark }.lexicographicallyPrecedes(
      other.units.lazy.map { $0 & ~Self.mark })
  }

  /// Joins another text to its end.
  mutating func append(_ other: TemplateText) { units += other.units }

  /// Joins a scalar to its end, marked like the one at a place of another text.
  mutating func append(_ scalar: UInt32, markedLike index: Int, of other: TemplateText) {
    units.append(scalar | other.units[index] & Self.mark)
  }

  /// The ranges of UTF-8 offsets that came from outside, ascending and apart.
  var outsideRanges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    var offset = 0
    for unit in units {
      let scalar = unit & ~Self.mark
      let end = offset + (scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4)
      if unit & Self.mark != 0 {
        if let last = ranges.last, last.upperBound == offset {
          ranges[ranges.count - 1] = last.lowerBound..<end
        } else {
          ranges.append(offset..<end)
        }
      }
      offset = end
    }
    return ranges
  }

  /// What Python takes for white space.
  static func isSpace(_ scalar: UInt32) -> Bool {
    (0x1C...0x1F).contains(scalar) || UnicodeTables.shared[scalar].contains(.whiteSpace)
  }

  /// The first place from `start` on where another text stands.
  func firstIndex(of other: TemplateText, from start: Int = 0) -> Int? {
    guard other.count <= count - start else { return nil }
    return (start...count - other.count).first { holds(other, at: $0) }
  }

  /// Whether another text stands at a place.
  func holds(_ other: TemplateText, at place: Int) -> Bool {
    place >= 0 && count - place >= other.count
      && (0..<other.count).allSatisfy { self[place + $0] == other[$0] }
  }

  /// The text without what satisfies a condition at its ends.
  func stripped(
    left: Bool = true, right: Bool = true, _ isStripped: (UInt32) -> Bool = isSpace
  ) -> TemplateText {
    var start = 0
    var end = count
    while left, start < end, isStripped(self[start]) { start += 1 }
    while right, end > start, isStripped(self[end - 1]) { end -= 1 }
    return self[start..<end]
  }

  /// The parts between occurrences of a separator that is not empty, split at most so many times.
  func split(_ separator: TemplateText, atMost most: Int) -> [TemplateText] {
    var parts: [TemplateText] = []
    var start = 0
    while parts.count < most, let place = firstIndex(of: separator, from: start) {
      parts.append(self[start..<place])
      start = place + separator.count
    }
    return parts + [self[start..<count]]
  }

  /// Joins texts.
  static func joined(_ parts: [TemplateText], separator: TemplateText) -> TemplateText {
    var text = TemplateText()
    for (index, part) in parts.enumerated() {
      if index > 0 { text.append(separator) }
      text.append(part)
    }
    return text
  }
}
