/// The runs of digits of a text, as people group them, and its words of capitals and digits.
struct NumberScan {
  /// Digits in groups: `+65 6123 4567`, `(212) 867-5309`, `078-05-1120`.
  struct Run {
    /// From the first sign to the last.
    let text: String
    /// The digits, group by group.
    let groups: [[Int]]
    /// The digits of all groups.
    var digits: [Int] { groups.flatMap(\.self) }
  }

  /// The runs, in their order.
  let runs: [Run]
  /// The words of ASCII letters and digits.
  let words: [[UInt8]]

  /// Scans a text.
  init(_ text: String) {
    let bytes = Array(text.utf8)
    runs = Self.runs(bytes)
    words = bytes.split { !Self.isDigit($0) && !(65...90).contains($0) && !(97...122).contains($0) }
      .map(Array.init)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func runs(_ bytes: [UInt8]) -> [Run] {
    var runs: [Run] = []
    var index = 0
    while index < bytes.count {
      guard isDigit(bytes[index]) else {
        index += 1
        continue
      }
      let first = index
      var end = index
      var groups: [[Int]] = [[]]
      while index < bytes.count {
        if isDigit(bytes[index]) {
          groups[groups.count - 1].append(Int(bytes[index]) - 48)
          index += 1
          end = index
        } else if let next = Self.next(bytes, after: index) {
          groups.append([])
          index = next
        } else {
          break
        }
      }
      index = end
      // A number that a word goes on from is a part of the word: B2B, M25-0410x.
      let before = first > 0 ? bytes[first - 1] : UInt8(ascii: " ")
      let after = end < bytes.count ? bytes[end] : UInt8(ascii: " ")
      guard !isLetter(before), !isLetter(after), !"/$%_".utf8.contains(before),
        !"/%_".utf8.contains(after)
      else { continue }
      let plus = before == UInt8(ascii: "+") ? "+" : ""
      runs.append(
        Run(text: plus + String(decoding: bytes[first..<end], as: UTF8.self), groups: groups))
    }
    return runs
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte) || byte >= 0x80
  }

  /// The digit after what may stand between groups: a space, a hyphen, a full stop, brackets; at most two of them.
  private static func next(_ bytes: [UInt8], after index: Int) -> Int? {
    for step in 1...2 {
      guard index + step < bytes.count,
        bytes[index..<index + step].allSatisfy({ " -.()".utf8.contains($0) })
      else { return nil }
      if isDigit(bytes[index + step]) { return index + step }
    }
    return nil
  }

  /// Whether an International Bank Account Number stands there: ISO 13616, its check digits right.
  var hasAccount: Bool {
    words.indices.contains { start in
      guard words[start].count >= 4, words[start][..<2].allSatisfy({ (65...90).contains($0) }),
        words[start][2..<4].allSatisfy(Self.isDigit)
      else { return false }
      var number: [UInt8] = []
      for word in words[start...].prefix(9) {
        number += word
        if (15...34).contains(number.count), Self.isAccount(number) { return true }
      }
      return false
    }
  }

  private static func isAccount(_ number: [UInt8]) -> Bool {
    var remainder = 0
    for byte in number[4...] + number[..<4] {
      switch byte {
      case 48...57: remainder = (remainder * 10 + Int(byte) - 48) % 97
      case 65...90: remainder = (remainder * 100 + Int(byte) - 55) % 97
      default: return false
      }
    }
    return remainder == 1
  }
}
