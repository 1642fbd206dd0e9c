import MoEBase
import MoEEval
public import MoEPackFormat
public import MoEStore

/// An eval set of the operator's, read.
struct OperatorSet {
  let eval: OperatorEval
  let set: EvalSet
  let texts: TextSet

  /// Reads the lines.
  ///
  /// - Throws: ``RuntimeError/badEvalLine(pack:entry:line:expected:got:)``.
  init(_ eval: OperatorEval) throws {
    self.eval = eval
    set = EvalSet(
      name: eval.name, task: "",
      examples: try EvalLines(
        pack: eval.pack?.description ?? "none", entry: eval.name,
        labels: eval.pack == nil ? [] : nil
      ).examples(eval.lines))
    texts = TextSet(
      key: .evaluation(eval.digest), title: "the operator's `\(eval.name)`",
      texts: set.examples.map(\.text))
  }
}

extension OperatorEval {
  /// The examples of the set.
  ///
  /// - Throws: ``RuntimeError/badEvalLine(pack:entry:line:expected:got:)``.
  public func questions() throws -> [Question] {
    try OperatorSet(self).set.examples.enumerated().map { index, example in
      Question(
        text: example.text,
        origin: .registered(pack: pack?.description, name: name, line: index + 1),
        expectation: example.expectation)
    }
  }

  /// Holds the lines to their form, and the labels to those of a pack.
  ///
  /// - Parameter manifest: What the pack says; `nil` for a set of texts that no pack may answer.
  /// - Returns: How many examples there are.
  /// - Throws: ``RuntimeError/badEvalLine(pack:entry:line:expected:got:)`` or
  ///   ``RuntimeError/badEvalSet(pack:entry:expected:got:)``.
  public func check(against manifest: Manifest?) throws -> Int {
    let lines = EvalLines(
      pack: pack?.description ?? "none", entry: name, kind: manifest?.labelKind,
      labels: manifest?.tasks.flatMap(\.labels) ?? [])
    let count = try lines.examples(self.lines).count
    guard count > 0 else {
      throw RuntimeError.badEvalSet(
        pack: pack?.description ?? "none", entry: name, expected: "at least one example",
        got: "none")
    }
    return count
  }
}

extension Manifest {
  /// The kind of the tasks that have labels, where they have one kind.
  fileprivate var labelKind: TaskKind? {
    let kinds = Set(tasks.map(\.kind).filter(\.hasLabels))
    return kinds.count == 1 ? kinds.first : nil
  }
}
