import MoEBase
import MoEEval
import MoEModel

extension Evidence {
  /// Runs an eval set of a pack on a composition; the result is that of `EvalSet.run`.
  ///
  /// - Throws: `MixtureError`, or whatever reading the mapped weights throws.
  func result(
    of set: EvalSet, _ texts: TextSet, pack: PackModel, on composition: Composition
  ) throws -> EvalResult {
    guard set.kind.hasLabels else {
      return try set.run(on: composition.mixture, pack: pack.identity, pool: pool)
    }
    let outputs = try ownOutputs(of: pack, on: texts)
    let margins = try margins(of: [pack], on: texts)[0]
    let survey = try survey(composition, texts)
    let shift = composition.mixture.dispatcher.shift
    let head = pack.heads.firstIndex { $0.task.utf8.elementsEqual(set.task.utf8) }
    let digest = pack.identity.digest
    let observations = (0..<texts.count).map { text in
      let isFinite = margins[text].isFinite
      return EvalObservation(
        margin: isFinite ? margins[text] + shift : -.infinity,
        probabilities: head.flatMap { isFinite ? outputs[text]?.probabilities[$0] : nil } ?? [],
        isSelected: survey.selects(digest, at: text), lead: survey.leads[text])
    }
    return set.result(
      of: observations, pack: pack.identity, head: head.map { pack.heads[$0] })
  }

  /// What a pack gives on its own texts: on those on which it has a margin.
  private func ownOutputs(of pack: PackModel, on texts: TextSet) throws -> [Int: PackOutput] {
    do {
      return try outputs(of: pack, on: texts, at: Array(0..<texts.count))
    } catch MixtureError.numericalError {
      let margins = try margins(of: [pack], on: texts)[0]
      return try outputs(
        of: pack, on: texts, at: margins.indices.filter { margins[$0].isFinite })
    }
  }
}
