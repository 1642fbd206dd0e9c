import MoEModel
import MoERuntime
public import ArgumentParser
import MoEBase

/// `moe-pack predict`.
public struct PredictCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Answer a stream of requests: JSON lines in, JSON lines out, in order.",
    discussion: """
      A request is a line {"id": "…", "text": "…"}; the id (a string or a whole number) is optional \
      and comes back, and other keys are passed over. An answer is a line that names the generation and the composition that gave it, \
      the route (each selected pack with its margin and weight), the weight of "none", the nearest pack, \
      and predictions, best first. The route is empty and "none" is 1 when no pack is responsible. \
      "forced" and "truncated" are there when they are true.

      A line that is no request ends the work with exit code 65; the answers before it are written.

      Example:
        echo '{"id": 1, "text": "Who ranks first, crew or mortgagee?"}' | moe-pack predict
      """)

  @OptionGroup var stream: StreamOptions
  @OptionGroup var route: RouteOptions
  @OptionGroup var precision: PrecisionOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Answers the stream.
  public func run(_ session: CommandSession) throws {
    let composition = try session.composition(in: precision.precision)
    let options = try route.answerOptions(on: composition)
    let pool = try session.pool()
    try RequestStream(stream, session: session, allowsBlankText: false).run { requests in
      let answers = try composition.answer(
        requests.map { composition.backbone.tokenizer.encode($0.text) }, options: options,
        pool: pool)
      return zip(requests, answers).map { request, answer in
        composition.json(of: answer, id: request.id, labels: route.labels)
      }
    }
  }
}
