public import ArgumentParser
public import MoEBase

/// What a command computes in.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compute in f32, bf16 or int8 this once, not in the store's precision; the composition's digest tells.",
      valueName: "precision"))
  var precision: Precision?
}

extension Precision: ExpressibleByArgument {}
