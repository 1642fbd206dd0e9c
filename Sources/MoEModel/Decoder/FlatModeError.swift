public import MoEBase

/// Why packs cannot stand among a backbone's own experts.
public enum FlatModeError: ActionableError {
  /// A pack has experts where the backbone has none.
  case denseLayer(pack: String, layer: Int)
  /// A pack has no experts in a layer where the backbone has some.
  case missingLayer(pack: String, layer: Int)

  /// A stable word for machines.
  public var code: String { "flat-layers" }

  /// The sentence.
  public var message: String {
    switch self {
    case .denseLayer(let pack, let layer):
      "layer \(layer) of the backbone has no experts behind a router, which `\(pack)`'s could stand among"
    case .missingLayer(let pack, let layer):
      "`\(pack)` has no experts in layer \(layer), expected some in every layer where the backbone has them"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .denseLayer:
      "nothing was changed; in the isolated mode, the default, the pack works on this backbone"
    case .missingLayer:
      "nothing was changed; use the isolated mode, the default, or train the pack with experts in all "
        + "of these layers"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .badData }
}
