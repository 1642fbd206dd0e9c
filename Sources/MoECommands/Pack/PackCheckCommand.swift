import MoEPackFormat
public import ArgumentParser
import MoEAuthoring
import MoEBase
import MoEEval

/// `moe-pack pack check`.
public struct PackCheckCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a pack source without building it.",
    discussion: """
      Reads every file of the source and stops at the first fault, naming file and line: fields of \
      pack.yaml, labels that labels.yaml does not list, lines that are not JSON, texts that stand twice, \
      eval texts that also stand in training, word for word or nearly.

      Example:
        moe-pack pack check packs/sg-maritime-law
      """)

  @OptionGroup var sourceOptions: PackSourceOptions
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Checks and shows what there is.
  public func run(_ session: CommandSession) throws {
    let source = try sourceOptions.source(session)
    let counts = source.labels.map { label in
      (label, source.train.examples.count { $0.label == label })
    }
    let evals = source.evals.map { eval in
      let none = eval.file.examples.count { $0.expectation == MoEEval.Expectation.none }
      return (eval.description.name, eval.file.examples.count - none, none)
    }
    if output.json {
      try session.console.print(json: [
        "pack": .string(source.description.pack.description),
        "version": .string(source.description.version.description),
        "trainTexts": .integer(source.train.examples.count),
        "negatives": .integer(source.negatives?.examples.count ?? 0),
        "labels": .object(counts.map { JSONMember($0.0, .integer($0.1)) }),
        "evals": .object(
          evals.map { JSONMember($0.0, ["labelled": .integer($0.1), "none": .integer($0.2)]) }),
      ])
      return
    }
    var table = Table([.text("label"), .number("train"), .number("eval")])
    for (label, count) in counts {
      let inEvals = source.evals.reduce(0) { sum, eval in
        sum + eval.file.examples.count { $0.label == label }
      }
      table.add(label, "\(count)", "\(inEvals)")
    }
    try table.print(to: session.console)
    try session.console.print()
    let negatives = source.negatives?.examples.count ?? 0
    try session.console.print(
      "\(source.description.pack) \(source.description.version): "
        + "\(source.train.examples.count.counted("training text")), "
        + "\(negatives.counted("negative")), "
        + evals.map { "eval \($0.0) of \($0.1) + \($0.2) to leave alone" }.joined(separator: ", ")
        + "; no fault found")
  }
}
