public import MoEBase

/// What can be wrong with a checkpoint that is written for, or read from, other programs.
public enum InterchangeError: ActionableError {
  /// Checkpoints of the family do not hold experts of packs.
  case family(String, expected: [DecoderFamily])
  /// The directory has something in it.
  case directoryTaken(path: String)
  /// A file cannot be written.
  case notWritten(path: String, reason: String)
  /// A pack's experts are wider than the backbone's, which a checkpoint has one width for.
  case tooWide(pack: String, layer: Int, width: Int, limit: Int)
  /// The checkpoint is of another shape than the backbone.
  case otherShape(what: String, expected: String, got: String)
  /// What a pack stands on is not the backbone's.
  case otherTensor(name: String, backbone: String)
  /// Tensors other than those of experts and routers are not the backbone's.
  case otherChanges(names: [String], backbone: String)
  /// The checkpoint has no experts beyond the backbone's.
  case noNewExperts(count: Int)
  /// Experts were asked for that the checkpoint does not have, or that are the backbone's.
  case badExperts(asked: ClosedRange<Int>, expected: ClosedRange<Int>)
  /// More experts a token than there are.
  case badTopK(Int, count: Int)
  /// A dense checkpoint whose feed-forward networks are the backbone's.
  case sameNetworks(backbone: String)
  /// A dense backbone's feed-forward networks have biases.
  case biases

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .family: "interchange-family"
    case .directoryTaken, .notWritten: "interchange-output"
    case .tooWide: "interchange-width"
    case .otherShape, .otherTensor, .otherChanges: "interchange-backbone"
    case .noNewExperts, .badExperts, .badTopK, .sameNetworks, .biases: "interchange-experts"
    }
  }

  /// The sentence.
  public var message: String {
    switch self {
    case .family(let name, let expected):
      "checkpoints of `\(name)` cannot carry a pack's experts, expected one of "
        + expected.map { "`\($0.rawValue)`" }.joined(separator: ", ")
    case .directoryTaken(let path):
      "`\(path)` is there already, expected a new or an empty directory"
    case .notWritten(let path, let reason):
      "`\(path)` cannot be written: \(reason)"
    case .tooWide(let pack, let layer, let width, let limit):
      "the experts of `\(pack)` in layer \(layer) are \(width) wide, expected at most the backbone's "
        + "\(limit)"
    case .otherShape(let what, let expected, let got):
      "the checkpoint is of another shape than the backbone: \(what): expected \(expected), got \(got)"
    case .otherTensor(let name, let backbone):
      "tensor `\(name)` of the checkpoint is not that of backbone `\(backbone)`, expected the same "
        + "numbers bit for bit"
    case .otherChanges(let names, let backbone):
      "\(names.count) more tensors of the checkpoint than a pack can hold differ from backbone "
        + "`\(backbone)`: \(Self.list(names))"
    case .noNewExperts(let count):
      "the checkpoint has \(count) experts a layer, expected more than the backbone's \(count)"
    case .badExperts(let asked, let expected):
      "experts \(Self.text(asked)) were asked for, expected some of \(Self.text(expected))"
    case .badTopK(let topK, let count):
      "\(topK) experts a token were asked for, expected at most the \(count) there are"
    case .sameNetworks(let backbone):
      "every feed-forward network of the checkpoint is that of backbone `\(backbone)`, expected at "
        + "least one that was trained"
    case .biases:
      "the feed-forward networks of the backbone have biases, which experts of a pack do not have"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .family, .biases:
      "nothing was written; see `moe-pack help export` and `moe-pack help pack import` for what is"
    case .directoryTaken: "nothing was written; name another directory"
    case .notWritten: "nothing was left behind; check the path, its permissions and the space left"
    case .tooWide:
      "nothing was written; the flat mode of this program runs them, or train the pack with narrower experts"
    case .otherShape, .otherTensor:
      "nothing was written; register the model that the checkpoint was made from, and name it with "
        + "`--backbone`"
    case .otherChanges:
      "nothing was written; a pack cannot carry these changes: `--ignore-other-changes` leaves them out, and "
        + "the pack's evals tell what that costs"
    case .noNewExperts, .sameNetworks:
      "nothing was written; check that this is the checkpoint you mean"
    case .badExperts: "nothing was written; experts count from 0, the backbone's come first"
    case .badTopK: "nothing was written; give a smaller `--top-k`"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .directoryTaken, .badExperts, .badTopK: .usage
    case .notWritten: .inputOutput
    case .family, .tooWide, .otherShape, .otherTensor, .otherChanges, .noNewExperts, .sameNetworks,
      .biases:
      .badData
    }
  }

  private static func text(_ range: ClosedRange<Int>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(4).map { "`\($0)`" }.joined(separator: ", ")
    return names.count > 4 ? shown + " and \(names.count - 4) more" : shown
  }
}
