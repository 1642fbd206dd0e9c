import MoEBase
import MoEPackFormat
import MoERuntime

/// The difference of two packs, laid out for a person or a machine.
struct PackDiffView {
  let diff: PackDiff
  /// The most tensors that a person is shown.
  private static let shownTensors = 12

  var json: JSONValue {
    [
      "before": Self.json(diff.before), "after": Self.json(diff.after),
      "same": .boolean(diff.isSame),
      "fields": .array(
        diff.fields.map {
          [
            "path": .string($0.path), "before": $0.before.map(JSONValue.string) ?? .null,
            "after": $0.after.map(JSONValue.string) ?? .null,
          ]
        }),
      "labels": .array(
        diff.labels.map {
          [
            "task": .string($0.task), "added": .array($0.added.map(JSONValue.string)),
            "removed": .array($0.removed.map(JSONValue.string)),
          ]
        }),
      "evals": .array(
        diff.evals.map {
          [
            "eval": .string($0.name),
            "metric": ($0.after ?? $0.before).map { .string($0.metric) } ?? .null,
            "before": $0.before.map { .number($0.value) } ?? .null,
            "after": $0.after.map { .number($0.value) } ?? .null, "sameSet": .boolean($0.isSameSet),
          ]
        }),
      "entries": .array(
        diff.entries.map {
          [
            "entry": .string($0.name), "sizeBefore": $0.sizeBefore.map { .integer($0) } ?? .null,
            "sizeAfter": $0.sizeAfter.map { .integer($0) } ?? .null,
          ]
        }),
      "tensors": .array(
        diff.tensors.map {
          [
            "entry": .string($0.entry), "tensor": .string($0.name),
            "shapeBefore": Self.json($0.shapeBefore), "shapeAfter": Self.json($0.shapeAfter),
            "greatestDifference": $0.greatestDifference.map(JSONValue.number) ?? .null,
            "relativeDifference": $0.relativeDifference.map(JSONValue.number) ?? .null,
          ]
        }),
      "sameTensors": .integer(diff.sameTensors),
    ]
  }

  private static func json(_ pack: PackContents) -> JSONValue {
    [
      "pack": .string(pack.manifest.pack.description),
      "version": .string(pack.manifest.version.description), "digest": .digest(pack.digest),
    ]
  }

  private static func json(_ shape: [Int]?) -> JSONValue {
    shape.map { .array($0.map { .integer($0) }) } ?? .null
  }

  func print(to console: Console) throws {
    for (word, pack) in [("before", diff.before), ("after", diff.after)] {
      try console.print(
        "\(word.padded(to: 6))  \(pack.manifest.pack) \(pack.manifest.version)  \(pack.digest)")
    }
    guard !diff.isSame else {
      try console.print("Both are the same pack.")
      return
    }
    try console.print()
    for field in diff.fields {
      try console.print(
        "\(field.path): \((field.before ?? "nothing").prefix(200)) → \((field.after ?? "nothing").prefix(200))"
          .shown())
    }
    for task in diff.labels {
      for label in task.added { try console.print("label \(task.task): + \(label)".shown()) }
      for label in task.removed { try console.print("label \(task.task): - \(label)".shown()) }
    }
    for entry in diff.entries {
      try console.print(
        "\(entry.name): \(entry.sizeBefore.map { "\($0.byteCount)" } ?? "nothing") → "
          + "\(entry.sizeAfter.map { "\($0.byteCount)" } ?? "nothing")")
    }
    try console.print()
    try evals.print(to: console)
    try tensors(on: console)
  }

  private var evals: Table {
    var table = Table([
      .text("eval"), .text("metric"), .number("before"), .number("after"), .number("change"),
      .text("texts"),
    ])
    for eval in diff.evals {
      let change = eval.before.flatMap { before in eval.after.map { $0.value - before.value } }
      table.add(
        eval.name, (eval.after ?? eval.before)?.metric ?? "–", eval.before?.value.fixed(3) ?? "–",
        eval.after?.value.fixed(3) ?? "–",
        change.map { ($0 < 0 ? "" : "+") + $0.fixed(3) } ?? "–",
        eval.isSameSet ? "the same" : "others")
    }
    return table
  }

  private func tensors(on console: Console) throws {
    try console.print()
    guard !diff.tensors.isEmpty else {
      try console.print("All \(diff.sameTensors) tensors are the same, number for number.")
      return
    }
    var table = Table([
      .text("tensor"), .text("shape"), .number("greatest difference"), .number("relative"),
    ])
    let sorted = diff.tensors.sorted {
      ($0.relativeDifference ?? .infinity, $1.name) > ($1.relativeDifference ?? .infinity, $0.name)
    }
    for tensor in sorted.prefix(Self.shownTensors) {
      let shapes = [tensor.shapeBefore, tensor.shapeAfter].map { shape in
        shape.map { $0.map(String.init).joined(separator: "×") } ?? "nothing"
      }
      table.add(
        tensor.name, shapes[0] == shapes[1] ? shapes[0] : shapes.joined(separator: " → "),
        tensor.greatestDifference?.fixed(6) ?? "–", tensor.relativeDifference?.fixed(4) ?? "–")
    }
    try table.print(to: console)
    let more = sorted.count - Self.shownTensors
    try console.print(
      (more > 0 ? "and \(more) more (--json); " : "")
        + "\(diff.sameTensors.counted("tensor")) the same")
  }
}
