import MoEBase
import MoEEval
import MoEModel
public import MoEPackFormat
public import MoETraining

/// Where a pack's experts come from.
public enum PackExperts: Sendable {
  /// They were trained here, with a head; or only the head ships.
  case trained(TaskTraining, TrainingOptions)
  /// They were trained elsewhere; `nil` where a language model's pack brings none.
  case imported(ImportedExperts?)

  /// What was trained here.
  public var training: TaskTraining? {
    guard case .trained(let training, _) = self else { return nil }
    return training
  }

  /// The shape that the manifest tells; `nil` where none ship.
  public var shape: Manifest.Experts? {
    switch self {
    case .imported(let experts): return experts?.shape
    case .trained(let training, _):
      guard training.shipsExperts, let plan = training.plan else { return nil }
      return Manifest.Experts(
        layers: plan.layers, width: plan.width, count: plan.count, topK: plan.topK,
        utilization: (training.experts?.utilization ?? []).map {
          Manifest.Utilization(shares: $0.shares, entropy: $0.entropy)
        })
    }
  }

  /// The settings that the provenance records.
  var settings: JSONValue {
    switch self {
    case .imported(let experts): ["imported": experts?.record ?? .null]
    case .trained(let training, let options): Self.settings(training, options)
    }
  }

  private static func settings(_ training: TaskTraining, _ options: TrainingOptions) -> JSONValue {
    [
      "epochs": .integer(options.epochs),
      "batchSize": .integer(options.batchSize),
      "expertRate": .float(options.expertRate),
      "headRate": .float(options.headRate),
      "labelSmoothing": .float(options.labelSmoothing),
      "weightDecay": .float(options.weightDecay),
      "balance": .float(options.balance),
      "zLoss": .float(options.zLoss),
      "trainTexts": .integer(training.trainCount),
      "validTexts": .integer(training.validCount),
      "frozenAccuracy": .number(training.frozen.score),
      "startInversePenalty": .number(training.startInversePenalty),
      "expertAccuracy": training.experts.map { .number($0.validation.score) } ?? .null,
      "triedExperts": training.plan.map {
        [
          "layers": .array($0.layers.map { JSONValue.integer($0) }),
          "width": .integer($0.width), "count": .integer($0.count), "topK": .integer($0.topK),
        ]
      } ?? .null,
    ]
  }
}
