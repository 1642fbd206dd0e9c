public import ArgumentParser
import MoEBase
import MoEModel
import MoERuntime

/// `moe-pack route`.
public struct RouteCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "route",
    abstract: "Show how a language model's routers spread the tokens of a text over its experts.",
    discussion: """
      For each layer with experts: how many of them took part, the load imbalance (the greatest share over the \
      mean: 1 is even), the mean entropy of the router's probabilities in nats, and the busiest experts. Routes \
      can give a text away to who knows the model; keep them where the text may be kept.

      Example:
        moe-pack route --trace --backbone olmoe "Which court decides on salvage?"
      """)

  @Argument(help: ArgumentHelp("The text, or - to read it from standard input.", valueName: "text"))
  var text: String

  @Flag(help: "Agree that the trace is shown; without it nothing is.")
  var trace = false

  @Option(
    help: ArgumentHelp(
      "The language model; the only one registered where it is not named.", valueName: "name"))
  var backbone: String?

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses to show what was not asked for.
  public func validate() throws {
    guard trace else { throw ValidationError("a trace is all there is to show: give --trace") }
  }

  /// Runs the text through the model and prints what the routers did.
  public func run(_ session: CommandSession) throws {
    let text =
      self.text == "-" ? try InputFile("-", standardInput: session.context.input).text() : self.text
    let model = try session.backbones.languageModel(backbone, kernels: try session.kernels())
    let ids = try model.checked(model.tokenizer.encode(text))
    let layers = model.decoder.utilization(of: [ids], pool: try session.pool())
    guard !output.json else {
      return try session.console.print(
        json: [
          "backbone": .string(model.name), "digest": .digest(model.digest),
          "tokens": .integer(ids.count),
          "layers": .array(
            layers.map { layer in
              [
                "layer": .integer(layer.layer), "used": .integer(layer.usedCount),
                "loadImbalance": .number(layer.loadImbalance), "entropy": .number(layer.entropy),
                "shares": .array(layer.shares.map { .number($0) }),
              ]
            }),
        ])
    }
    guard !layers.isEmpty else {
      return try session.console.print(
        "\(model.name) has no routed experts: every token passes every weight")
    }
    try session.console.print("\(ids.count.counted("token")), \(model.name)")
    var table = Table([
      .number("layer"), .number("used"), .number("imbalance"), .number("entropy"),
      .text("busiest experts"),
    ])
    for layer in layers {
      let busiest = layer.shares.indices.sorted {
        let (a, b) = (layer.shares[$0], layer.shares[$1])
        return a != b ? a > b : $0 < $1
      }.prefix(4)
      table.add(
        "\(layer.layer)", "\(layer.usedCount) of \(layer.shares.count)",
        layer.loadImbalance.fixed(2), layer.entropy.fixed(2),
        busiest.map { "\($0): \(layer.shares[$0].percent)" }.joined(separator: ", "))
    }
    try table.print(to: session.console)
  }
}
