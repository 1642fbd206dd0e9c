import MoEBase
import MoEPackFormat
import MoERuntime

/// What a pack says of itself, laid out for a person or a machine.
struct ManifestView {
  let manifest: Manifest
  let digest: Digest
  /// Key ids: those that were found to have signed, or those that a file claims.
  let signers: [String]
  let isVerified: Bool
  /// The largest magnitude of each tensor, as the scan at install found it; empty for a file.
  var magnitudes: [TensorMagnitude] = []

  var json: JSONValue {
    [
      "verified": .boolean(isVerified), "digest": .digest(digest),
      isVerified ? "signers" : "keyIDClaims": .array(signers.map(JSONValue.string)),
      "absmax": .array(
        magnitudes.map {
          [
            "entry": .string($0.entry), "tensor": .string($0.tensor), "absmax": .number($0.absmax),
          ]
        }),
      "manifest": manifest.json,
    ]
  }

  func print(to console: Console) throws {
    if !isVerified {
      try console.print(
        console.styled("Unverified: these are the file's own claims.", .bold))
      try console.print()
    }
    let fields = fields
    let width = fields.map(\.name.columnCount).max() ?? 0
    for field in fields {
      try console.print(
        console.styled(field.name.padded(to: width), .dim) + "  " + field.value.shown())
    }
    try console.print()
    for task in manifest.tasks {
      try console.print(
        console.styled("task \(task.name)", .bold)
          + ", \(task.kind), \(task.labels.count.counted("label")):")
      for label in task.labels { try console.print("  " + label.shown()) }
    }
    guard !manifest.evals.isEmpty else { return }
    try console.print()
    var table = Table([
      .text("eval"), .text("task"), .number("examples"), .number("near"), .number("claim"),
      .number("floor"), .number("tolerance"), .number("own routed"), .number("near selected"),
      .number("AUROC"),
    ])
    for eval in manifest.evals {
      table.add(
        eval.name, eval.task, "\(eval.examples)", "\(eval.none)", eval.value.fixed(3),
        eval.floor.fixed(3), eval.tolerance.fixed(3), eval.routing.ownSelected.fixed(3),
        eval.routing.noneSelected?.fixed(3) ?? "–", eval.routing.auroc?.fixed(3) ?? "–")
    }
    try table.print(to: console)
  }

  private var fields: [(name: String, value: String)] {
    var fields = [
      (name: "pack", value: "\(manifest.pack) \(manifest.version) (release \(manifest.release))"),
      (name: "summary", value: manifest.summary),
      (name: "about", value: manifest.about.sentence),
      (name: "license", value: manifest.license),
      (name: "digest", value: digest.description),
      (
        name: isVerified ? "signed by" : "claims keys",
        value: signers.isEmpty ? "nobody" : signers.joined(separator: ", ")
      ),
      (name: "backbone", value: "\(manifest.backbone.name) \(manifest.backbone.digest)"),
      (name: "profile", value: manifest.profile.description),
      (name: "experts", value: expertSentence),
    ]
    fields += (manifest.experts?.routerSentences ?? []).map { (name: "router", value: $0) }
    fields.append((name: "dispatcher", value: dispatcherSentence))
    if let largest = magnitudes.max(by: { $0.absmax < $1.absmax }) {
      fields.append(
        (
          name: "weights",
          value: "all finite, the largest \(largest.absmax.fixed(3)) in \(largest.tensor)"
        ))
    }
    let relations = [
      ("overlaps", manifest.overlaps.map(\.description)),
      ("requires", manifest.requires.map(\.description)),
      ("conflicts", manifest.conflicts.map(\.description)),
      ("supersedes", manifest.supersedes.map(\.description)),
    ]
    for (name, packs) in relations where !packs.isEmpty {
      fields.append((name: name, value: packs.joined(separator: ", ")))
    }
    if manifest.nearDuplicatesAllowed {
      fields.append(
        (name: "near duplicates", value: "between training and eval texts were let through"))
    }
    fields.append(
      (
        name: "made by",
        value: "\(manifest.provenance.trainer), seed \(manifest.provenance.seed), on "
          + "\(manifest.provenance.cpuClass) with \(manifest.provenance.kernels)"
      ))
    return fields
  }

  private var expertSentence: String {
    guard let experts = manifest.experts else { return "none: the frozen backbone was best" }
    return
      "\(experts.count) in each of layers \(experts.layers.map(String.init).joined(separator: ", ")), "
      + "width \(experts.width), top-\(experts.topK) a token"
  }

  private var dispatcherSentence: String {
    let gate = manifest.dispatcher
    return "\(gate.rows.counted("row")), threshold \(gate.threshold.fixed(3)), temperature "
      + "\(gate.temperature.fixed(3)); recall \(gate.calibration.ownRecall.fixed(3)) on "
      + "\(gate.calibration.ownExamples) own texts, false activation "
      + "\(gate.calibration.falseActivation.fixed(4)) on \(gate.calibration.negativeExamples) negatives"
  }
}
