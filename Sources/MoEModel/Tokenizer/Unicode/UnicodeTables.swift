/// The Unicode properties, decompositions and lower-case mappings that tokenizing depends on.
///
/// They are those of Hugging Face `tokenizers`, whose parts follow several versions of Unicode, and not
/// those of the standard library, which follow the toolchain: the same text must give the same ids
/// whatever this was built with. ``UnicodeData`` holds them as text; reading it takes about a
/// millisecond, once in a process.
struct UnicodeTables: Sendable {
  /// What may hold of one scalar.
  struct Properties: OptionSet, Sendable {
    let rawValue: UInt8
    /// Cleaning removes it: controls, format characters, private use, U+0000 and U+FFFD.
    static let removed = Properties(rawValue: 1 << 0)
    /// A CJK ideograph that stands alone.
    static let chinese = Properties(rawValue: 1 << 1)
    /// Punctuation that stands alone.
    static let punctuation = Properties(rawValue: 1 << 2)
    /// A nonspacing mark that accent stripping removes.
    static let mark = Properties(rawValue: 1 << 3)
    /// White space that separates words.
    static let whiteSpace = Properties(rawValue: 1 << 4)
    /// It has a canonical decomposition.
    static let decomposes = Properties(rawValue: 1 << 5)
    /// It has a lower-case mapping.
    static let lowers = Properties(rawValue: 1 << 6)
    /// Its canonical combining class is not 0.
    static let combines = Properties(rawValue: 1 << 7)
  }

  /// The tables, shared by all tokenizers of the process.
  static let shared = UnicodeTables()

  /// One byte of ``Properties`` for each scalar.
  private var properties: [UInt8]
  private let combiningClasses: ScalarMapping
  private let decompositions: ScalarMapping
  private let lowercase: ScalarMapping

  private init() {
    properties = Array(repeating: 0, count: 0x110000)
    combiningClasses = ScalarMapping(ranges: UnicodeData.combiningClasses)
    decompositions = ScalarMapping(scalars: UnicodeData.decompositions)
    lowercase = ScalarMapping(scalars: UnicodeData.lowercase)
    mark(ranges: UnicodeData.removed, as: .removed)
    mark(ranges: UnicodeData.chinese, as: .chinese)
    mark(ranges: UnicodeData.punctuation, as: .punctuation)
    mark(ranges: UnicodeData.marks, as: .mark)
    mark(Self.whiteSpace, as: .whiteSpace)
    mark(0xAC00..<0xD7A4, as: .decomposes)
    mark(combiningClasses.keys, as: .combines)
    mark(decompositions.keys, as: .decomposes)
    mark(lowercase.keys, as: .lowers)
  }

  /// The scalars with the Unicode property `White_Space`, which is stable.
  private static let whiteSpace: [UInt32] =
    [0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
    + Array(0x09...0x0D) + Array(0x2000...0x200A)

  private mutating func mark(_ scalars: some Sequence<UInt32>, as property: Properties) {
    for scalar in scalars { properties[Int(scalar)] |= property.rawValue }
  }

  private mutating func mark(ranges text: StaticString, as property: Properties) {
    text.forEachRange { mark($0, as: property) }
  }

  /// The properties of a scalar below 0x110000.
  subscript(scalar: UInt32) -> Properties {
    Properties(rawValue: properties[Int(scalar)])
  }

  /// The canonical combining class of a scalar that ``Properties/combines``.
  func combiningClass(_ scalar: UInt32) -> UInt32 {
    combiningClasses[scalar]?.first ?? 0
  }

  /// Calls `body` with each scalar of the full canonical decomposition, in order.
  func decompose(_ scalar: UInt32, _ body: (UInt32) -> Void) {
    if scalar >= 0xAC00, scalar < 0xD7A4 {
      let syllable = scalar - 0xAC00
      body(0x1100 + syllable / 588)
      body(0x1161 + syllable % 588 / 28)
      if syllable % 28 > 0 { body(0x11A7 + syllable % 28) }
      return
    }
    guard let scalars = decompositions[scalar] else { return body(scalar) }
    for part in scalars { body(part) }
  }

  /// The scalars that decompose by table, each with its full canonical decomposition.
  func forEachDecomposition(_ body: (UInt32, ArraySlice<UInt32>) -> Void) {
    for scalar in decompositions.keys {
      if let parts = decompositions[scalar] { body(scalar, parts) }
    }
  }

  /// Calls `body` with each scalar of the lower-case mapping, in order.
  func lowercase(_ scalar: UInt32, _ body: (UInt32) -> Void) {
    guard let scalars = lowercase[scalar] else { return body(scalar) }
    for part in scalars { body(part) }
  }
}

/// Short runs of numbers keyed by scalar, found by binary search.
private struct ScalarMapping: Sendable {
  private(set) var keys: [UInt32] = []
  private var ends: [UInt32] = []
  private var values: [UInt32] = []

  /// Reads words `gap.scalar.scalar…`.
  init(scalars text: StaticString) {
    var position: UInt32 = 0
    text.forEachWord { numbers in
      let key = position + numbers[0]
      append(key, numbers.dropFirst())
      position = key + 1
    }
  }

  /// Reads words `gap.length.value`.
  init(ranges text: StaticString) {
    var position: UInt32 = 0
    text.forEachWord { numbers in
      let start = position + numbers[0]
      position = start + numbers[1]
      for key in start..<position { append(key, numbers.dropFirst(2)) }
    }
  }

  private mutating func append(_ key: UInt32, _ numbers: ArraySlice<UInt32>) {
    keys.append(key)
    values.append(contentsOf: numbers)
    ends.append(UInt32(values.count))
  }

  subscript(key: UInt32) -> ArraySlice<UInt32>? {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    guard low < keys.count, keys[low] == key else { return nil }
    return values[(low == 0 ? 0 : Int(ends[low - 1]))..<Int(ends[low])]
  }
}

extension StaticString {
  /// Calls `body` with each range of words `gap.length`.
  func forEachRange(_ body: (Range<UInt32>) -> Void) {
    var position: UInt32 = 0
    forEachWord { numbers in
      let start = position + numbers[0]
      position = start + numbers[1]
      body(start..<position)
    }
  }

  /// Calls `body` with the hexadecimal numbers of each word: `.` stands between numbers, white space
  /// between words.
  fileprivate func forEachWord(_ body: ([UInt32]) -> Void) {
    withUTF8Buffer { bytes in
      var numbers: [UInt32] = []
      var number: UInt32?
      for byte in bytes {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
          number = (number ?? 0) << 4 | UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"):
          number = (number ?? 0) << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
        default:
          if let value = number { numbers.append(value) }
          number = nil
          if byte != UInt8(ascii: "."), !numbers.isEmpty {
            body(numbers)
            numbers.removeAll(keepingCapacity: true)
          }
        }
      }
      if let value = number { numbers.append(value) }
      if !numbers.isEmpty { body(numbers) }
    }
  }
}
