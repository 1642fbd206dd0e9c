extension String {
  /// The text as a terminal may get it: control characters, and marks that reorder a line, made visible.
  ///
  /// A line feed stays where `keepsLines` says so.
  func shown(keepsLines: Bool = false) -> String {
    guard unicodeScalars.contains(where: { !Self.isPlain($0) }) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      if Self.isPlain(scalar) || (keepsLines && scalar == "\n") {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x061C, 0x200E, 0x200F, 0x202A...0x202E,
      0x2066...0x2069, 0xFEFF:
      false
    default: true
    }
  }

  /// How many columns of a terminal the text takes, as far as simple rules tell.
  var columnCount: Int {
    unicodeScalars.reduce(0) { count, scalar in
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format: count
      default:
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
          0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
          count + 2
        default: count + 1
        }
      }
    }
  }

  /// The text with spaces after it, to fill so many columns.
  func padded(to columns: Int) -> String {
    self + String(repeating: " ", count: max(0, columns - columnCount))
  }

  /// The text with spaces before it, to fill so many columns.
  func leftPadded(to columns: Int) -> String {
    String(repeating: " ", count: max(0, columns - columnCount)) + self
  }

  /// The words of the text over lines of at most so many columns.
  func wrapped(to columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in split(separator: " ") {
      if !line.isEmpty, line.columnCount + 1 + String(word).columnCount > columns {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [line]
  }
}
