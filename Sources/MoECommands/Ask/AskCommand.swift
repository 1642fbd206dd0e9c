public import ArgumentParser
import MoEBase
import MoEModel
import MoERuntime

/// `moe-pack ask`.
public struct AskCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "ask",
    abstract:
      "Ask one question, and see which packs answer, how sure they are, and on what authority.",
    discussion: """
      The bars show how the answer is divided among the packs that are responsible and "no pack". When \
      none is responsible, that is said, with the pack that came nearest and how probable it is that the \
      text is its business after all.

      Examples:
        moe-pack ask "Does a Dutch company need a data protection officer?"
        moe-pack ask --forced "ship's engine oil leak"
        cat letter.txt | moe-pack ask -
      """)

  @Argument(help: ArgumentHelp("The text, or - to read it from standard input.", valueName: "text"))
  var text: String

  @OptionGroup var route: RouteOptions
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Answers the one text.
  public func run(_ session: CommandSession) throws {
    let text =
      self.text == "-" ? try InputFile("-", standardInput: session.context.input).text() : self.text
    guard !text.isBlank else { throw MixtureError.emptyText }
    let composition = try session.composition()
    let options = try route.answerOptions(on: composition)
    let encoding = composition.backbone.tokenizer.encode(text)
    let answers = try composition.answer([encoding], options: options, pool: try session.pool())
    for answer in answers {
      if output.json {
        try session.console.print(json: composition.json(of: answer, labels: route.labels))
      } else {
        try AnswerView(answer: answer, composition: composition, labels: route.labels)
          .print(to: session.console)
      }
    }
  }
}
