public import MoEBase
import SafeTensors

extension Manifest {
  /// The manifest as JSON, its keys in the order of the SPEC.
  ///
  /// - Precondition: Every number in it is finite.
  public var json: JSONValue {
    // Relations are told only where there are any.
    .object(
      members.filter { member in
        !["requires", "conflicts", "supersedes"].contains(member.key) || member.value != []
      })
  }

  private var members: [JSONMember] {
    let object: JSONValue = [
      "formatVersion": .integer(formatVersion),
      "specVersion": .integer(specVersion),
      "features": .array(features.map { .string($0) }),
      "pack": .string(pack.description),
      "version": .string(version.description),
      "release": .integer(release),
      "summary": .string(summary),
      "license": .string(license),
      "about": [
        "languages": .array(about.languages.map { .string($0) }),
        "jurisdictions": .array(about.jurisdictions.map { .string($0) }),
        "asOf": .string(about.asOf),
      ],
      "backbone": ["name": .string(backbone.name), "digest": .digest(backbone.digest)],
      "tokenizer": .digest(tokenizer),
      "profile": .digest(profile),
      "gateVersion": .integer(gateVersion),
      "experts": experts?.json ?? .null,
      "pooling": .string(pooling),
      "tasks": .array(tasks.map(\.json)),
      "evals": .array(evals.map(\.json)),
      "dispatcher": dispatcher.json,
      "overlaps": .array(overlaps.map { .string($0.description) }),
      "requires": .array(requires.map { .string($0.description) }),
      "conflicts": .array(conflicts.map { .string($0.description) }),
      "supersedes": .array(supersedes.map { .string($0.description) }),
      "nearDuplicatesAllowed": .boolean(nearDuplicatesAllowed),
      "provenance": provenance.json,
      "entries": .array(entries.map(\.json)),
      "tensors": .array(tensors.map(\.json)),
    ]
    guard case .object(let members) = object else { return [] }
    return members
  }

  /// The first number that is not finite, by its path; JSON has no spelling for it.
  var nonFiniteNumber: String? {
    var numbers: [(String, Double)] = [
      ("dispatcher.ngramShare", dispatcher.ngramShare),
      ("dispatcher.threshold", dispatcher.threshold),
      ("dispatcher.temperature", dispatcher.temperature),
      ("dispatcher.calibration.ownRecall", dispatcher.calibration.ownRecall),
      ("dispatcher.calibration.falseActivation", dispatcher.calibration.falseActivation),
    ]
    for (index, eval) in evals.enumerated() {
      numbers.append(("evals[\(index)].value", eval.value))
      numbers.append(("evals[\(index)].floor", eval.floor))
      numbers.append(("evals[\(index)].tolerance", eval.tolerance))
      numbers.append(("evals[\(index)].routing.ownSelected", eval.routing.ownSelected))
      numbers.append(("evals[\(index)].routing.noneSelected", eval.routing.noneSelected ?? 0))
      numbers.append(("evals[\(index)].routing.auroc", eval.routing.auroc ?? 0))
    }
    for (index, router) in (experts?.utilization ?? []).enumerated() {
      numbers.append(("experts.utilization[\(index)].entropy", router.entropy))
    }
    return numbers.first { !$0.1.isFinite }?.0
  }
}

extension Manifest.Experts {
  fileprivate var json: JSONValue {
    [
      "layers": .array(layers.map { .integer($0) }), "width": .integer(width),
      "count": .integer(count), "topK": .integer(topK), "activation": .string(activation),
      "utilization": .array(
        utilization.map {
          ["shares": .array($0.shares.map(JSONValue.number)), "entropy": .number($0.entropy)]
        }),
    ]
  }
}

extension Manifest.Task {
  fileprivate var json: JSONValue {
    var members = [
      JSONMember("name", .string(name)), JSONMember("kind", .string(kind.rawValue)),
    ]
    if version > 1 { members.append(JSONMember("version", .integer(version))) }
    if kind.hasLabels {
      members.append(JSONMember("labels", .array(labels.map { .string($0) })))
    }
    if let completion {
      members += [
        JSONMember("maximumTokens", .integer(completion.maximumTokens)),
        JSONMember("stop", .array(completion.stops.map { .string($0) })),
      ]
    }
    return .object(members)
  }
}

extension Manifest.Evaluation {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "task": .string(task), "entry": .string(entry),
      "metric": .string(metric), "value": .number(value), "floor": .number(floor),
      "tolerance": .number(tolerance), "examples": .integer(examples), "none": .integer(none),
      "routing": [
        "ownSelected": .number(routing.ownSelected),
        "noneSelected": routing.noneSelected.map { .number($0) } ?? .null,
        "auroc": routing.auroc.map { .number($0) } ?? .null,
      ],
    ]
  }
}

extension Manifest.Dispatcher {
  fileprivate var json: JSONValue {
    var members = [JSONMember("rows", .integer(rows))]
    if ngramShare > 0 { members.append(JSONMember("ngramShare", .number(ngramShare))) }
    members += [
      JSONMember("threshold", .number(threshold)),
      JSONMember("temperature", .number(temperature)),
      JSONMember(
        "calibration",
        [
          "ownRecall": .number(calibration.ownRecall),
          "falseActivation": .number(calibration.falseActivation),
          "ownExamples": .integer(calibration.ownExamples),
          "negativeExamples": .integer(calibration.negativeExamples),
        ]),
    ]
    return .object(members)
  }
}

extension Manifest.Provenance {
  fileprivate var json: JSONValue {
    [
      "trainer": .string(trainer), "seed": .integer(Int64(clamping: seed)),
      "cpuClass": .string(cpuClass), "kernels": .string(kernels),
      "data": .array(
        data.map {
          ["file": .string($0.file), "digest": .digest($0.digest), "rows": .integer($0.rows)]
        }),
      "settings": settings,
    ]
  }
}

extension Manifest.Entry {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "size": .integer(size), "digest": .digest(digest),
      "mediaType": .string(mediaType),
    ]
  }
}

extension Manifest.Tensor {
  fileprivate var json: JSONValue {
    [
      "entry": .string(entry), "name": .string(name), "dtype": .string(dtype.rawValue),
      "shape": .array(shape.map { .integer($0) }),
    ]
  }
}
