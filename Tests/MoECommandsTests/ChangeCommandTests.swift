import ArgumentParser
import CGivingWay
import MoECommands
import Testing

@Suite struct ChangeCommandTests {
  @Test func `the commands that give way are those that change the packs of a store`() {
    var changing: [String] = []
    for group in MoEPack.configuration.groupedSubcommands {
      for command in group.subcommands {
        // An option of every change, and of nothing else.
        let help: String = MoEPack.helpMessage(for: command)
        guard help.contains("--no-eval") else { continue }
        changing.append(command.configuration.commandName ?? "")
      }
    }
    var known: [String] = []
    while let command = moe_change_command(Int32(known.count)) {
      known.append(String(cString: command))
    }
    #expect(changing.sorted() == known.sorted())
    #expect(moe_change_command(-1) == nil)
  }
}
