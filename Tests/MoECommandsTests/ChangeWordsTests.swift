import ArgumentParser
import MoECommands
import Testing

@Suite struct ChangeWordsTests {
  @Test func `the commands are those that change the packs of a store`() {
    var changing: [String] = []
    for group in MoEPack.configuration.groupedSubcommands {
      for command in group.subcommands {
        // An option of every change, and of nothing else.
        let help: String = MoEPack.helpMessage(for: command)
        guard help.contains("--no-eval") else { continue }
        changing.append(command.configuration.commandName ?? "")
      }
    }
    #expect(changing.sorted() == ChangeWords.commands.sorted())
  }
}
