import MoEBase

/// Whether a text may be shown to a person as it is: not empty, no longer than `most` bytes, no control
/// characters, no line or paragraph separators, no marks that reorder the line, no spaces at its ends.
public func isShownText(_ text: String, atMost most: Int) -> Bool {
  guard (1...most).contains(text.utf8.count), let first = text.unicodeScalars.first,
    let last = text.unicodeScalars.last
  else { return false }
  return !first.properties.isWhitespace && !last.properties.isWhitespace
    && text.unicodeScalars.allSatisfy(isShown)
}

private func isShown(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x061C, 0x200E, 0x200F, 0x202A...0x202E,
    0x2066...0x2069, 0xFEFF:
    false
  default: true
  }
}

/// A text from outside as an error sentence may show it: at most `most` characters, those that must not
/// reach a terminal written as `\u{…}`.
func escaped(_ text: String, atMost most: Int = 120) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    count += 1
    if count > most { return result + "…" }
    if isShown(scalar) {
      result.unicodeScalars.append(scalar)
    } else {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    }
  }
  return result
}

/// Bytes from outside as an error sentence may show them: all but printable ASCII written as `\x…`.
func escaped(bytes: some Sequence<UInt8>) -> String {
  var result = ""
  for byte in bytes {
    if result.utf8.count > 120 { return result + "…" }
    if (0x20...0x7E).contains(byte) {
      result.unicodeScalars.append(Unicode.Scalar(byte))
    } else {
      result += "\\x\(Digest.hex([byte]))"
    }
  }
  return result
}
