import ArgumentParser
import Foundation
import MoECommands
import Testing

/// The help of every command, as it stands in `Golden/help.txt`.
///
/// `RECORD_GOLDEN=1` writes the file anew, and fails.
@Suite struct HelpGoldenTests {
  @Test func `every command's help is the recorded one`() throws {
    let text = Self.help(of: MoEPack.self)
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "Golden/help.txt")
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: file)
      Issue.record("recorded `Golden/help.txt`; run the tests again without RECORD_GOLDEN")
      return
    }
    let recorded = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    #expect(text == recorded, "the help changed; look at the difference, then RECORD_GOLDEN=1")
  }

  @Test func `every command says what it does in one sentence, and gives an example`() {
    for command in Self.leaves(of: MoEPack.self) {
      let name = command._commandName
      #expect(command.configuration.abstract.hasSuffix("."), "\(name)")
      #expect(command.configuration.discussion.contains("xample"), "\(name)")
      #expect(command.configuration.discussion.contains("moe-pack "), "\(name)")
    }
  }

  private static func leaves(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
    let children = command.configuration.subcommands
    return children.isEmpty ? [command] : children.flatMap(leaves)
  }

  private static func help(of command: any ParsableCommand.Type) -> String {
    let own = MoEPack.helpMessage(for: command, columns: 100)
    return ([own] + command.configuration.subcommands.map(help)).joined(
      separator: "\n" + String(repeating: "=", count: 100) + "\n")
  }
}
