import Yams

/// A key that stands twice in one mapping, of which Yams tells the first place alone.
///
/// The first is given another name; then the mapping that has that name shows where the key stands again.
struct DuplicateKey {
  private let key: String
  private let first: Mark

  /// Of so many keys that stand twice at most the first is looked for.
  private static let limit = 16

  init(_ key: String, firstAt first: Mark) {
    self.key = key
    self.first = first
  }

  /// The line of the second place, counted from 1; `nil` where it cannot be told.
  func secondLine(in text: String) -> Int? {
    var prefix = "x"
    while text.contains(prefix) { prefix += "x" }
    var renamed = text
    var mark = first
    for count in 0..<Self.limit {
      // The names differ, for a key may stand three times: `xx0x`, `xx1x`, …
      guard let next = Self.insert("\(prefix)\(count)x", at: mark, in: renamed) else { return nil }
      renamed = next
      do {
        let parser = try Yams.Parser(yaml: renamed)
        return try withExtendedLifetime(parser) {
          try parser.singleRoot().flatMap { line(in: $0, prefix: prefix) }
        }
      } catch YamlError.duplicatedKeysInMapping(_, let context) {
        mark = context.mark
      } catch {
        return nil
      }
    }
    return nil
  }

  /// Looks for the mapping that holds the first place under its new name.
  private func line(in node: Node, prefix: String) -> Int? {
    switch node {
    case .mapping(let mapping):
      let renamed = "\(prefix)0x\(key)"
      let keys = mapping.compactMap { $0.key.scalar }
      if keys.contains(where: { $0.string == renamed }) {
        return keys.filter { isAgain($0.string, prefix: prefix, not: renamed) }
          .compactMap { $0.mark?.line }.min()
      }
      return mapping.lazy.compactMap { line(in: $0.value, prefix: prefix) }.first
    case .sequence(let sequence):
      return sequence.lazy.compactMap { line(in: $0, prefix: prefix) }.first
    case .scalar, .alias: return nil
    }
  }

  private func isAgain(_ text: String, prefix: String, not renamed: String) -> Bool {
    text == key || text != renamed && text.hasPrefix(prefix) && text.hasSuffix(key)
  }

  /// The text with a word at the beginning of the scalar at `mark`; `nil` where no scalar begins.
  private static func insert(_ word: String, at mark: Mark, in text: String) -> String? {
    let breaks: Set<Unicode.Scalar> = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"]
    var scalars = text.unicodeScalars
    var (index, line, column) = (scalars.startIndex, 1, 1)
    while index < scalars.endIndex, (line, column) != (mark.line, mark.column) {
      let scalar = scalars[index]
      scalars.formIndex(after: &index)
      let isHalf = scalar == "\r" && index < scalars.endIndex && scalars[index] == "\n"
      if breaks.contains(scalar), !isHalf { (line, column) = (line + 1, 1) } else { column += 1 }
    }
    guard index < scalars.endIndex, scalars[index] != "!" else { return nil }
    if scalars[index] == "\"" || scalars[index] == "'" { scalars.formIndex(after: &index) }
    scalars.insert(contentsOf: word.unicodeScalars, at: index)
    return String(scalars)
  }
}
