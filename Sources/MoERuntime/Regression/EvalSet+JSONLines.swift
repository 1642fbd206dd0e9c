import MoEBase
import MoEEval
import MoEPackFormat
import MoEStore

extension InstalledPack {
  /// Reads the eval sets that travel in the pack, held to its manifest.
  ///
  /// - Returns: Each set with the vendor's claim for it, in the manifest's order.
  /// - Throws: ``RuntimeError/badEvalLine(pack:entry:line:expected:got:)``,
  ///   ``RuntimeError/badEvalSet(pack:entry:expected:got:)`` or
  ///   ``RuntimeError/damagedEntry(pack:entry:reason:)``.
  func evalSets(_ manifest: Manifest) throws -> [(claim: Manifest.Evaluation, set: EvalSet)] {
    try manifest.evals.map { claim in
      let task = manifest.task(claim.task)
      let kind = task?.kind ?? .classify
      let set = EvalSet(
        name: claim.name, task: claim.task, kind: kind,
        completion: task?.completion ?? CompletionSettings(),
        examples: try EvalLines(
          pack: "\(name) \(version)", entry: claim.entry, kind: kind, labels: task?.labels ?? []
        ).examples(try bytes(claim.entry)))
      let none = set.examples.count { $0.expectation == .none }
      let labelled = set.examples.count - none
      guard labelled == claim.examples, none == claim.none else {
        throw RuntimeError.badEvalSet(
          pack: "\(name) \(version)", entry: claim.entry,
          expected: "\(claim.examples) examples with an answer and \(claim.none) to leave alone",
          got: "\(labelled) and \(none)")
      }
      return (claim, set)
    }
  }
}

/// Reads the lines of an eval set: what the kind of task expects (``ExpectationReader``), or
/// `{"text", "expect": "none"}`, nothing else.
struct EvalLines {
  /// Which pack, for error sentences.
  let pack: String
  /// Which entry, for error sentences.
  let entry: String
  /// The kind of the task; `nil` where lines tell it: those with `labels` are of `tag`, others of `classify`.
  var kind: TaskKind?
  /// The labels that are known; `nil` where any will do.
  let labels: [String]?

  /// Reads every line.
  func examples(_ bytes: [UInt8]) throws -> [EvalExample] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    let known = labels.map { Set($0.map { Array($0.utf8) }) }
    return try lines.enumerated().map { index, line in
      do {
        return try example(Array(line), known: known)
      } catch let error as JSONSyntaxError {
        throw bad(index, "one JSON object", "\(error.reason) (byte \(error.offset))")
      } catch let error as JSONSchemaError {
        let isDocument = error.path == "the document"
        throw bad(
          index, isDocument ? "one JSON object" : "`\(error.path)`: \(error.expected)", error.got)
      }
    }
  }

  private func example(_ line: [UInt8], known: Set<[UInt8]>?) throws -> EvalExample {
    var reader = try JSONReader(try JSONValue(parsing: line))
    let text = try reader.string("text")
    guard !text.isBlank else {
      throw JSONSchemaError(path: "text", expected: "a text", got: "an empty one")
    }
    let told: TaskKind = reader.optional("labels") == nil ? .classify : .tag
    let expectation = try reader.expectation(of: kind ?? told)
    try reader.finish()
    for label in expectation.labels where known?.contains(Array(label.utf8)) == false {
      throw JSONSchemaError(
        path: (kind ?? told) == .tag ? "labels" : "label", expected: "a label of the task",
        got: "another")
    }
    return EvalExample(text: text, expectation: expectation)
  }

  private func bad(_ index: Int, _ expected: String, _ got: String) -> RuntimeError {
    .badEvalLine(pack: pack, entry: entry, line: index + 1, expected: expected, got: got)
  }
}

extension String {
  /// Whether the text holds nothing but white space.
  public var isBlank: Bool { !unicodeScalars.contains { !$0.properties.isWhitespace } }
}
