import MoEAuthoring
import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoERuntime
import MoETraining

/// What a build gave, laid out for a person or a machine.
struct BuildView {
  let built: BuiltPack
  let summary: PackSummary
  let seconds: Double

  /// Under so many texts a label a vendor is told that they are few.
  private static let fewTexts = 20

  /// Prints what a person wants to know.
  ///
  /// - Parameters:
  ///   - console: Where to.
  ///   - archive: The path of the archive.
  /// - Throws: ``ConsoleError``.
  func print(to console: Console, archive: String) throws {
    let manifest = summary.manifest
    try console.print(
      "\(manifest.pack) \(manifest.version), release \(manifest.release): "
        + "\(archive.shown()), \(summary.size.byteCount)")
    try console.print("digest   \(summary.digest)")
    switch built.experts {
    case .trained(let training, _): try console.print("trained  \(Self.verdict(training))")
    case .imported(let imported):
      let shape = imported?.shape
      try console.print(
        "experts  "
          + (shape.map {
            "\($0.count) of width \($0.width), top \($0.topK), in \($0.layers.count.counted("layer")), "
              + "trained elsewhere"
          }
            ?? (imported == nil
              ? "none: the pack routes and is measured, and the backbone speaks alone"
              : "none: a head trained elsewhere over the frozen backbone"))
      )
    }
    for sentence in manifest.experts?.routerSentences ?? [] {
      try console.print("router   \(sentence)")
    }
    try console.print(
      "gate     \(built.calibration.ownRecall.percent) of own texts held out pass, "
        + "\((built.calibration.falseActivation * 100).fixed(1)) % of "
        + "\(built.calibration.negativeExamples) background texts")
    for (eval, result) in zip(manifest.evals, built.evals) {
      var line =
        "eval     \(eval.name): \(eval.metric) \(eval.value.fixed(3)) of \(result.labelled) "
        + "(floor \(eval.floor.fixed(3))), routed \(result.ownSelectedShare.fixed(3))"
      if let none = result.noneSelectedShare, let auroc = result.auroc {
        line +=
          ", of \(result.none) to leave alone selected \(none.fixed(3)), AUROC \(auroc.fixed(3))"
      }
      try console.print(line)
    }
    let perLabel = built.calibration.ownExamples / max(1, manifest.dispatcher.rows)
    if built.experts.training != nil, perLabel < Self.fewTexts {
      console.note(
        "\(perLabel.counted("text")) a label are few: the gate may miss texts that are the pack's own; "
          + "\(Self.fewTexts) a label or more serve it better")
    }
    for (layer, router) in zip(manifest.experts?.layers ?? [], manifest.experts?.utilization ?? [])
    where !router.deadExperts.isEmpty {
      console.note(
        "layer \(layer): \(router.deadExperts.count.counted("expert")) take under a tenth of an even share; "
          + "fewer experts would do")
    }
    console.note(
      "built in \(seconds.fixed(1)) s; install it with `moe-pack install \(archive)`")
  }

  private static func verdict(_ training: TaskTraining) -> String {
    let verdict =
      "frozen head \(training.scoreName.map { $0 + " " } ?? "")\(training.frozen.score.percent) on "
      + "\(training.validCount) held out"
    guard let experts = training.experts, let plan = training.plan else { return verdict }
    return verdict
      + ", experts \(experts.validation.score.percent) (top \(plan.layers.count.counted("layer")), "
      + "width \(plan.width)): \(training.shipsExperts ? "experts ship" : "the frozen head ships")"
  }

  var json: JSONValue {
    let training = built.experts.training
    return [
      "pack": .string(summary.manifest.pack.description),
      "version": .string(summary.manifest.version.description),
      "digest": .digest(summary.digest),
      "sizeBytes": .integer(summary.size),
      "frozenAccuracy": training.map { .number($0.frozen.score) } ?? .null,
      "expertAccuracy": training?.experts.map { .number($0.validation.score) } ?? .null,
      "shipsExperts": .boolean(built.experts.shape != nil),
      "utilization": .array(
        (training?.experts?.utilization ?? []).map {
          [
            "layer": .integer($0.layer), "shares": .array($0.shares.map(JSONValue.number)),
            "entropy": .number($0.entropy),
          ]
        }),
      "history": .array(
        (training?.experts?.history ?? []).map {
          [
            "epoch": .integer($0.epoch), "loss": .number($0.loss),
            "accuracy": .number($0.score),
          ]
        }),
      "ownRecall": .number(built.calibration.ownRecall),
      "falseActivation": .number(built.calibration.falseActivation),
      "evals": .array(
        zip(summary.manifest.evals, built.evals).map { claim, result in
          [
            "name": .string(result.name), "metric": .string(claim.metric),
            "value": .number(claim.value), "accuracy": .number(result.accuracy),
            "examples": .integer(result.labelled), "ownSelected": .number(result.ownSelectedShare),
            "none": .integer(result.none),
            "noneSelected": result.noneSelectedShare.map(JSONValue.number) ?? .null,
            "auroc": result.auroc.map(JSONValue.number) ?? .null,
          ]
        }),
      "seconds": .number(seconds),
    ]
  }
}
