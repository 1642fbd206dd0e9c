import ArgumentParser
import MoEModel
import MoERuntime

/// Which pack answers, and how much of the answer is told.
struct RouteOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Make this pack answer, whatever the dispatcher says.", valueName: "name"))
  var pack: String?

  @Flag(help: "Make the nearest pack answer, even under its threshold.")
  var forced = false

  @Flag(help: "Tell every label of the selected packs, not the best three of each task.")
  var all = false

  /// The labels to tell.
  var labels: LabelSelection { all ? .all : .best(3) }

  /// The options as a composition takes them.
  ///
  /// - Throws: `MixtureError.notMounted` or `RuntimeError.nothingToForce`.
  func answerOptions(on composition: Composition) throws -> AnswerOptions {
    let named = try pack.map { try composition.pack(named: $0).identity }
    if forced, named == nil, composition.packs.isEmpty { throw RuntimeError.nothingToForce }
    return AnswerOptions(pack: named, isForced: forced)
  }
}
