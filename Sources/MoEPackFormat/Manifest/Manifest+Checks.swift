public import MoEBase
import SafeTensors

extension Manifest {
  /// Checks that whatever refers to something refers to what is there, and nothing stands twice.
  ///
  /// - Throws: `JSONSchemaError` for the first that does not hold.
  public func check() throws(JSONSchemaError) {
    try checkFeatures()
    try checkExperts()
    try checkTasks()
    try checkEvals()
    try checkRelations()
    try checkEntries()
    try checkTensors()
  }

  private func refuse(_ path: String, _ expected: String, _ got: String) -> JSONSchemaError {
    JSONSchemaError(path: path, expected: expected, got: got)
  }

  private func checkFeatures() throws(JSONSchemaError) {
    let kinds = Set(tasks.map(\.kind.rawValue))
    guard features == features.sorted(), Set(features).count == features.count,
      kinds.isSubset(of: features)
    else {
      throw refuse(
        "features", "sorted words, none twice, with every kind of task among them",
        escaped(features.joined(separator: ", ")))
    }
    for feature in features where !Self.knownFeatures.contains(feature) {
      throw refuse("features", "features this reader knows", "`\(escaped(feature))`")
    }
  }

  private func checkExperts() throws(JSONSchemaError) {
    guard let experts else { return }
    guard zip(experts.layers, experts.layers.dropFirst()).allSatisfy(<) else {
      throw refuse("experts.layers", "layers in ascending order, none twice", "\(experts.layers)")
    }
    guard experts.layers.count * experts.count <= 8192 else {
      throw refuse(
        "experts", "at most 8192 experts in all", "\(experts.layers.count * experts.count)")
    }
    let routers = experts.count == 1 ? 0 : experts.layers.count
    // Experts that were trained elsewhere come without it.
    let isUntold = experts.utilization.isEmpty
    guard experts.utilization.count == routers || isUntold,
      experts.utilization.allSatisfy({ $0.shares.count == experts.count })
    else {
      throw refuse(
        "experts.utilization", "one entry for each of \(routers) routers, one share an expert",
        "\(experts.utilization.count) entries")
    }
  }

  private func checkTasks() throws(JSONSchemaError) {
    if Set(tasks.map(\.kind.needsLanguageModel)).count > 1 {
      throw refuse(
        "tasks", "tasks for one kind of backbone", "tasks with labels beside other kinds")
    }
    if let experts, let task = tasks.first, experts.isGated != task.kind.needsLanguageModel {
      throw refuse(
        "experts.activation",
        "`\(experts.isGated ? "gelu" : Experts.gated)` for tasks of kind `\(task.kind.rawValue)`",
        "`\(experts.activation)`")
    }
    for (index, task) in tasks.enumerated() {
      if tasks[..<index].contains(where: { $0.name == task.name }) {
        throw refuse("tasks[\(index)].name", "a name no other task has", "`\(task.name)`")
      }
      var seen: Set<[UInt8]> = []
      for (position, label) in task.labels.enumerated()
      where !seen.insert(Array(label.utf8)).inserted {
        throw refuse(
          "tasks[\(index)].labels[\(position)]", "a label no other has", "`\(escaped(label))`")
      }
    }
  }

  private func checkEvals() throws(JSONSchemaError) {
    for (index, eval) in evals.enumerated() {
      let path = "evals[\(index)]"
      if evals[..<index].contains(where: { $0.name == eval.name }) {
        throw refuse("\(path).name", "a name no other eval set has", "`\(eval.name)`")
      }
      guard task(eval.task) != nil else {
        throw refuse("\(path).task", "a task of this pack", "`\(eval.task)`")
      }
      guard eval.entry.utf8.elementsEqual(EntryName.evaluation(eval.name).utf8) else {
        throw refuse(
          "\(path).entry", "`\(EntryName.evaluation(eval.name))`", "`\(escaped(eval.entry))`")
      }
      try checkClaim(eval, path: path)
      let hasNone = eval.none > 0
      guard (eval.routing.noneSelected != nil) == hasNone, (eval.routing.auroc != nil) == hasNone
      else {
        throw refuse(
          "\(path).routing", "`noneSelected` and `auroc` exactly where `none` is over 0",
          "`none` \(eval.none)")
      }
    }
  }

  /// Holds a claim to the kind of task it is made for.
  private func checkClaim(_ eval: Evaluation, path: String) throws(JSONSchemaError) {
    guard let kind = task(eval.task)?.kind else { return }
    guard kind.metrics.contains(eval.metric) else {
      throw refuse(
        "\(path).metric", "a metric of `\(kind.rawValue)`: \(kind.metrics.joined(separator: ", "))",
        "`\(eval.metric)`")
    }
    for (key, number) in [("value", eval.value), ("floor", eval.floor)]
    where !kind.metricRange.contains(number) {
      throw refuse("\(path).\(key)", "a number in \(kind.metricRange)", "\(number)")
    }
    guard kind.reaches(eval.floor, value: eval.value) else {
      throw refuse(
        "\(path).value", "at \(kind.isHigherBetter ? "least" : "most") the floor \(eval.floor)",
        "\(eval.value)")
    }
  }

  private func checkRelations() throws(JSONSchemaError) {
    let relations = [
      ("requires", requires.map(\.pack)), ("conflicts", conflicts), ("supersedes", supersedes),
    ]
    for (key, names) in relations where names.contains(pack) {
      throw refuse(key, "other packs than this one", "`\(pack)`")
    }
    let needed = Set(requires.map(\.pack))
    if let name = (conflicts + supersedes).first(where: needed.contains) {
      throw refuse("requires", "packs that are not to be absent as well", "`\(name)`")
    }
  }

  /// The names of the entries a pack with this manifest has, in their order.
  var expectedEntryNames: [String] {
    let evaluations = evals.map { EntryName.evaluation($0.name) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let hasHeads = tasks.contains { $0.kind.hasLabels }
    return (experts == nil ? [] : [EntryName.experts]) + [EntryName.router]
      + (hasHeads ? [EntryName.heads] : []) + [EntryName.labels] + evaluations
      + [EntryName.card, EntryName.license]
  }

  private func checkEntries() throws(JSONSchemaError) {
    let expected = expectedEntryNames
    for (index, name) in expected.enumerated() {
      guard index < entries.count else {
        throw refuse("entries", "an entry `\(name)`", "\(entries.count) entries without it")
      }
      let entry = entries[index]
      guard entry.name.utf8.elementsEqual(name.utf8) else {
        throw refuse("entries[\(index)].name", "`\(name)`", "`\(escaped(entry.name))`")
      }
      let type = EntryName.mediaType(of: name) ?? ""
      guard entry.mediaType.utf8.elementsEqual(type.utf8) else {
        throw refuse(
          "entries[\(index)].mediaType", "`\(type)`", "`\(escaped(entry.mediaType))`")
      }
    }
    guard entries.count == expected.count else {
      throw refuse(
        "entries", "\(expected.count) entries",
        "\(entries.count), among them `\(escaped(entries[expected.count].name))`")
    }
  }

  private func checkTensors() throws(JSONSchemaError) {
    func lastDimension(_ name: String) throws(JSONSchemaError) -> Int {
      guard let dimension = tensors.first(where: { $0.name == name })?.shape.last else {
        throw refuse("tensors", "a tensor `\(name)`", "none")
      }
      return dimension
    }
    let featureWidth = try lastDimension(TensorName.dispatcherWeight)
    var width = featureWidth
    if let layer = experts?.layers.first {
      width = try lastDimension(TensorName.expertUpWeight(layer: layer, expert: 0))
    }
    let expected = expectedTensors(width: width, featureWidth: featureWidth)
    for (index, tensor) in expected.enumerated() {
      guard index < tensors.count else {
        throw refuse("tensors", "a tensor `\(tensor.name)`", "\(tensors.count) without it")
      }
      guard tensors[index] == tensor else {
        throw refuse("tensors[\(index)]", tensor.spelling, tensors[index].spelling)
      }
    }
    guard tensors.count == expected.count else {
      throw refuse("tensors", "\(expected.count) tensors", "\(tensors.count)")
    }
  }
}

extension Manifest.Tensor {
  fileprivate var spelling: String {
    "`\(escaped(name))` \(dtype.rawValue) \(shape) in `\(escaped(entry))`"
  }
}
