import MoEStore

/// Command lines that change the packs of a store, known before they are parsed.
///
/// To start and to parse takes half as long as a small change itself, and a server has other things to do. So this is
/// asked before anything else, and needs next to nothing: no Foundation, no command's declaration.
package enum ChangeWords {
  /// The commands that take ``ChangeOptions``.
  package static let commands = ["install", "remove", "rollback", "sync", "threshold", "precision"]

  /// Whether the words change a store that a server answers from.
  ///
  /// What they mean is settled when they are parsed; until then it is enough to be right nearly always.
  static func changeServedStore(_ words: [String], variable: (String) -> String?) -> Bool {
    guard let first = words.first, commands.contains(first) else { return false }
    var store: Path?
    for (index, word) in words.enumerated() {
      if word == "--store", index + 1 < words.count { store = Path(argument: words[index + 1]) }
      if word.hasPrefix("--store=") { store = Path(argument: String(word.dropFirst(8))) }
    }
    return Store.isServed(at: Settings.storePath(store, variable: variable))
  }
}
