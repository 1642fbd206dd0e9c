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
  let experts: PackExperts
  let gate: FittedGate
  let evals: [EvalResult]

  func manifest() -> Manifest {
    let description = source.description
    let calibration = gate.calibration
    var manifest = Manifest(
      pack: description.pack, version: description.version, release: description.release,
      summary: description.summary, license: description.license, about: description.about,
      backbone: Manifest.Backbone(name: backbone.name, digest: backbone.digest),
      tokenizer: backbone.tokenizerDigest, profile: profileDigest, experts: experts.shape,
      tasks: description.tasks.map {
        Manifest.Task(
          name: $0.name, kind: $0.kind, version: $0.version, labels: source.labels,
          completion: $0.completion)
      },
      evals: zip(source.evals, evals).map { eval, result in
        Manifest.Evaluation(
          name: eval.description.name, task: eval.description.task,
          metric: eval.description.metric, value: eval.description.value(of: result),
          floor: eval.description.floor, tolerance: PackBuild.tolerance,
          examples: result.labelled, none: result.none,
          routing: Manifest.Routing(
            ownSelected: result.ownSelectedShare, noneSelected: result.noneSelectedShare,
            auroc: result.auroc))
      },
      dispatcher: Manifest.Dispatcher(
        rows: gate.rows.bias.count, ngramShare: gate.ngramShare, threshold: calibration.threshold,
        temperature: calibration.temperature,
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
    if let heads = tensors.heads {
      entries.append(PackEntry(name: EntryName.heads, bytes: heads))
    }
    entries.append(PackEntry(name: EntryName.labels, bytes: source.catalog.bytes))
    for eval in source.evals {
      entries.append(
        PackEntry(
          name: EntryName.evaluation(eval.description.name), bytes: eval.file.jsonLines))
    }
    entries.append(
      PackEntry(
        name: EntryName.card,
        bytes: MeasuredCard(manifest: manifest(), evals: evals).text(after: source.card)))
    entries.append(PackEntry(name: EntryName.license, bytes: source.license))
    return entries
  }

  private func provenance() -> Manifest.Provenance {
    let files =
      [source.train] + [source.valid, source.negatives].compactMap(\.self)
      + source.evals.map(\.file)
    return Manifest.Provenance(
      trainer: PackBuild.trainer, seed: source.description.seed, cpuClass: Self.cpuClass,
      kernels: backbone.kernels.path.rawValue,
      data: files.map {
        Manifest.DataFile(file: $0.name, digest: $0.digest, rows: $0.examples.count)
      },
      settings: experts.settings)
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

extension PackDescription.Eval {
  /// What the set's metric came to.
  func value(of result: EvalResult) -> Double {
    Metric(rawValue: metric).flatMap(result.value) ?? 0
  }
}
