import Foundation

/// Base64 of RFC 4648 §4 with padding, in its one canonical spelling.
enum StrictBase64 {
  static func encoded(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  /// The bytes; `nil` for anything but what ``encoded(_:)`` writes: no white space, no URL alphabet, no
  /// missing padding, no bits left over.
  static func decoded(_ text: String) -> [UInt8]? {
    guard let data = Data(base64Encoded: text) else { return nil }
    let bytes = Array(data)
    guard encoded(bytes).utf8.elementsEqual(text.utf8) else { return nil }
    return bytes
  }
}
