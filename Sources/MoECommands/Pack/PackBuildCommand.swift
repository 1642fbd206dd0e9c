import MoETraining
import MoERuntime
import MoEEval
public import ArgumentParser
import Foundation
import MoEAuthoring
import MoEBase
import MoEModel
import MoEPackFormat

/// `moe-pack pack build`.
public struct PackBuildCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Train, measure and sign a pack.",
    discussion: """
      Checks the source, runs the backbone once over its texts, trains experts and a head, fits the gate \
      that says when the pack is responsible, runs the evals, and writes a signed archive. Where experts \
      do not beat the head on the frozen backbone, the smaller pack ships. A pack below a floor of its \
      own pack.yaml is not written.

      The same source, seed and program give the same bytes on CPUs of one class.

      Example:
        moe-pack pack build packs/sg-maritime-law -o sg-maritime-law-1.0.0.moepack --key vendor.key
      """)

  @OptionGroup var sourceOptions: PackSourceOptions

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The archive to write.", valueName: "file"))
  var output: Path

  @Option(
    help: ArgumentHelp(
      "A private key to sign with, made by `moe-pack key new`; - reads it from standard input. May stand "
        + "several times.", valueName: "file"))
  var key: [Path]

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Under so many texts a label a vendor is told that they are few.
  private static let fewTexts = 20

  /// Refuses more keys than there may be.
  public func validate() throws { try SigningKeyOptions.validate(key) }

  /// Builds and writes the archive.
  public func run(_ session: CommandSession) throws {
    let start = session.context.now()
    let keys = try session.signingKeys(key)
    let source = try sourceOptions.source(session)
    try checkOutput()
    let entry = try session.backbones.entry(source.description.backbone)
    try entry.checkFiles()
    let backbone = try Backbone(
      entry.known, files: entry.files, kernels: try session.kernels())
    let profile = try session.backbones.profile(of: entry, width: backbone.featureWidth)
    let pool = try session.pool()
    let built = try session.withProgress { bar in
      try PackBuild(source: source, backbone: backbone, profile: profile, pool: pool) {
        bar.update(
          $0.stage, done: Int($0.fraction * 1000), total: $0.fraction > 0 ? 1000 : 0,
          note: Self.note($0))
      }.run()
    }
    let summary = try PackWriter(keys: keys).write(
      built.manifest, entries: built.entries, to: output.url)
    let seconds = session.context.now().timeIntervalSince(start)
    if format.json {
      try session.console.print(json: Self.json(built, summary: summary, seconds: seconds))
    } else {
      try show(built, summary: summary, seconds: seconds, on: session.console)
    }
  }

  /// Refuses an archive that cannot be written before the training, not after it.
  private func checkOutput() throws {
    var status = stat()
    let exists = stat(output.url.path, &status) == 0
    let directory = output.url.deletingLastPathComponent().path
    let reason: Int32? =
      exists && status.st_mode & S_IFMT == S_IFDIR
      ? EISDIR : access(directory, W_OK | X_OK) == 0 ? nil : errno
    guard let reason else { return }
    throw ConsoleError.notOpened(
      target: "`\(output.text.shown())`", reason: String(cString: strerror(reason)))
  }

  private static func note(_ progress: BuildProgress) -> String {
    var parts: [String] = []
    if let loss = progress.loss { parts.append("loss \(loss.fixed(3))") }
    if let accuracy = progress.accuracy { parts.append("valid \(accuracy.percent)") }
    return parts.joined(separator: ", ")
  }

  private func show(
    _ built: BuiltPack, summary: PackSummary, seconds: Double, on console: Console
  ) throws {
    let manifest = summary.manifest
    try console.print(
      "\(manifest.pack) \(manifest.version), release \(manifest.release): "
        + "\(output.text.shown()), \(summary.size.byteCount)")
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
          } ?? "none: the pack routes and is measured, and the backbone speaks alone"))
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
      "built in \(seconds.fixed(1)) s; install it with `moe-pack install \(output.text)`")
  }

  private static func verdict(_ training: TaskTraining) -> String {
    let verdict =
      "frozen head \(training.frozenAccuracy.percent) on \(training.validCount) held out"
    guard let experts = training.experts, let plan = training.plan else { return verdict }
    return verdict
      + ", experts \(experts.accuracy.percent) (top \(plan.layers.count.counted("layer")), "
      + "width \(plan.width)): \(training.shipsExperts ? "experts ship" : "the frozen head ships")"
  }

  private static func json(
    _ built: BuiltPack, summary: PackSummary, seconds: Double
  ) -> JSONValue {
    let training = built.experts.training
    return [
      "pack": .string(summary.manifest.pack.description),
      "version": .string(summary.manifest.version.description),
      "digest": .digest(summary.digest),
      "sizeBytes": .integer(summary.size),
      "frozenAccuracy": training.map { .number($0.frozenAccuracy) } ?? .null,
      "expertAccuracy": training?.experts.map { .number($0.accuracy) } ?? .null,
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
            "accuracy": .number($0.accuracy),
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
