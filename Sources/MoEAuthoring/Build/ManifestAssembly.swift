import Foundation
import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat
import MoETensor
import MoETraining

/// Puts the manifest and the entries of a built pack together.
struct ManifestAssembly {
  let source: PackSource
  let backbone: Backbone
  let profileDigest: Digest
  let training: TaskTraining
  let calibration: GateCalibration
  let rowCount: Int
  let evals: [EvalResult]
  let options: TrainingOptions

  func manifest() -> Manifest {
    let description = source.description
    let plan = training.shipsExperts ? training.plan : nil
    var manifest = Manifest(
      pack: description.pack, version: description.version, release: description.release,
      summary: description.summary, license: description.license, about: description.about,
      backbone: Manifest.Backbone(name: backbone.name, digest: backbone.digest),
      tokenizer: backbone.tokenizerDigest, profile: profileDigest,
      experts: plan.map {
        Manifest.Experts(
          layers: $0.layers, width: $0.width, count: $0.count, topK: $0.topK,
          utilization: (training.experts?.utilization ?? []).map {
            Manifest.Utilization(shares: $0.shares, entropy: $0.entropy)
          })
      },
      tasks: description.tasks.map { Manifest.Task(name: $0.name, labels: source.labels) },
      evals: zip(source.evals, evals).map { eval, result in
        Manifest.Evaluation(
          name: eval.description.name, task: eval.description.task,
          value: result.accuracy, floor: eval.description.floor, tolerance: PackBuild.tolerance,
          examples: result.labelled, none: result.none,
          routing: Manifest.Routing(
            ownSelected: result.ownSelectedShare, noneSelected: result.noneSelectedShare,
            auroc: result.auroc))
      },
      dispatcher: Manifest.Dispatcher(
        rows: rowCount, threshold: calibration.threshold, temperature: calibration.temperature,
        calibration: Manifest.Calibration(
          ownRecall: calibration.ownRecall, falseActivation: calibration.falseActivation,
          ownExamples: calibration.ownExamples, negativeExamples: calibration.negativeExamples)),
      overlaps: description.overlaps, nearDuplicatesAllowed: source.nearDuplicatesAllowed,
      provenance: provenance())
    manifest.requires = description.requires
    manifest.conflicts = description.conflicts
    manifest.supersedes = description.supersedes
    return manifest
  }

  func entries(_ tensors: PackTensorFiles) -> [PackEntry] {
    var entries: [PackEntry] = []
    if let experts = tensors.experts {
      entries.append(PackEntry(name: EntryName.experts, bytes: experts))
    }
    entries.append(PackEntry(name: EntryName.router, bytes: tensors.router))
    entries.append(PackEntry(name: EntryName.heads, bytes: tensors.heads))
    entries.append(PackEntry(name: EntryName.labels, bytes: source.catalog.bytes))
    for eval in source.evals {
      entries.append(
        PackEntry(
          name: EntryName.evaluation(eval.description.name), bytes: eval.file.bytes))
    }
    entries.append(PackEntry(name: EntryName.card, bytes: source.card))
    entries.append(PackEntry(name: EntryName.license, bytes: source.license))
    return entries
  }

  private func provenance() -> Manifest.Provenance {
    let files =
      [source.train] + [source.valid, source.negatives].compactMap(\.self)
      + source.evals.map(\.file)
    return Manifest.Provenance(
      trainer: PackBuild.trainer, seed: source.description.seed, cpuClass: Self.cpuClass,
      kernels: backbone.encoder.kernels.path.rawValue,
      data: files.map {
        Manifest.DataFile(file: $0.name, digest: $0.digest, rows: $0.examples.count)
      },
      settings: settings())
  }

  private func settings() -> JSONValue {
    let plan = training.plan
    return [
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
      "frozenAccuracy": .number(training.frozenAccuracy),
      "startInversePenalty": .number(training.startInversePenalty),
      "expertAccuracy": training.experts.map { .number($0.accuracy) } ?? .null,
      "triedExperts": plan.map {
        [
          "layers": .array($0.layers.map { JSONValue.integer($0) }),
          "width": .integer($0.width), "count": .integer($0.count), "topK": .integer($0.topK),
        ]
      } ?? .null,
    ]
  }

  /// The instruction set that decides which bits training gives.
  private static var cpuClass: String {
    #if arch(x86_64)
      "x86_64-\(KernelPath.best.rawValue)"
    #elseif arch(arm64)
      "arm64-\(KernelPath.best.rawValue)"
    #else
      "other-\(KernelPath.best.rawValue)"
    #endif
  }
}
