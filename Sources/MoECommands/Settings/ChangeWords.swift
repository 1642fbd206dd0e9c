import ArgumentParser
import Foundation
import MoEStore

/// Command lines that change the packs of a store, known before they are parsed.
///
/// To start and to parse takes half as long as a small change itself, and a server has other things to do.
enum ChangeWords {
  /// The commands that take ``ChangeOptions``.
  static let commands: [any MoECommand.Type] = [
    InstallCommand.self, RemoveCommand.self, RollbackCommand.self, SyncCommand.self,
    ThresholdCommand.self, PrecisionCommand.self,
  ]

  /// Whether the words change a store that a server answers from.
  ///
  /// What they mean is settled when they are parsed; until then it is enough to be right nearly always.
  static func changeServedStore(_ words: [String], environment: [String: String]) -> Bool {
    guard let first = words.first,
      commands.contains(where: { $0.configuration.commandName == first })
    else { return false }
    var store: Path?
    for (index, word) in words.enumerated() {
      if word == "--store", index + 1 < words.count { store = Path(argument: words[index + 1]) }
      if word.hasPrefix("--store=") { store = Path(argument: String(word.dropFirst(8))) }
    }
    let settings = Settings(store: store, lockTimeoutSeconds: 0, environment: environment)
    return Store.isServed(at: settings.storeDirectory)
  }
}
