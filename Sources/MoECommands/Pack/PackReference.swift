import Foundation
import MoEPackFormat

/// What a person means by `NAME|FILE`.
enum PackReference: Equatable {
  /// An installed pack.
  case name(String)
  /// An archive.
  case file(URL)

  /// Takes it for a file when it looks like a path or is one, else for a name.
  init(_ text: String) {
    let looksLikePath =
      text.hasSuffix(".moepack") || text.hasPrefix("/") || text.hasPrefix("./")
      || text.hasPrefix("../")
    let isFile = looksLikePath || FileManager.default.fileExists(atPath: text)
    self = isFile ? .file(URL(fileURLWithPath: text)) : .name(text)
  }
}
