/// The words of `pack.yaml`.
extension PackDescription {
  /// Whether the text names a task or an eval set.
  public static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, (1...63).contains(text.utf8.count) else { return false }
    return isWord(first)
      && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }

  /// Whether the text is a code of a language or a jurisdiction.
  public static func isCode(_ text: String) -> Bool {
    (2...16).contains(text.utf8.count)
      && text.utf8.first != UInt8(ascii: "-")
      && text.utf8.allSatisfy {
        isWord($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
          || $0 == UInt8(ascii: "-")
      }
  }

  /// Whether the text is a day of the Gregorian calendar, `YYYY-MM-DD`.
  public static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2],
      text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || ($0 >= 0x30 && $0 <= 0x39) }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
      (1...12).contains(month)
    else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...days[month - 1]).contains(day)
  }

  /// Whether the text may stand between labels.
  public static func isSeparator(_ text: String) -> Bool {
    (1...8).contains(text.count)
      && !text.contains { $0.isLetter || $0.isNumber || $0 == "\"" || $0.isNewline }
  }
}
