import MoEBase
import MoEEval
public import MoEModel

/// What is told of a language model and the experts on it, beside what is judged.
extension RegressionSuite {
  /// How many of a pack's own texts are looked at.
  private static let sampleCount = 16

  /// The language model and the packs with experts on it; `nil` on an encoder.
  private func speakers(
    only name: String?
  ) throws -> (model: LanguageModel, entries: [Entry])? {
    guard candidate.backbone.kind == .decoder else { return nil }
    let wanted = entries.filter { entry in
      name.map { $0.utf8.elementsEqual(entry.identity.name.utf8) } ?? true
    }
    return (try LanguageModel(candidate.backbone), wanted)
  }

  /// The first of a pack's own texts.
  private func sample(of entry: Entry) -> [String] {
    let own = entry.evals.flatMap(\.set.examples).filter { $0.expectation != .none }
    return own.prefix(Self.sampleCount).map(\.text)
  }

  /// Scores some of each pack's own texts in the isolated mode, named, and in the flat mode, where the experts of all
  /// packs of the candidate stand among the backbone's own.
  ///
  /// - Parameter name: The one pack to measure; all of them when `nil`.
  /// - Returns: The drifts; `nil` on an encoder, where no pack has experts, and where texts have no prefix to follow.
  /// - Throws: Whatever scoring throws.
  public func measureFlat(only name: String? = nil) throws -> SuiteReport.Flat? {
    guard let (model, entries) = try speakers(only: name), model.prefixToken != nil
    else { return nil }
    let packs = candidate.mixture.packs.filter { !$0.gatedExperts.isEmpty }
    guard !packs.isEmpty else { return nil }
    do {
      let flat = try model.decoder.flattened(
        with: packs.map { (name: $0.identity.name, experts: $0.gatedExperts) })
      return SuiteReport.Flat(
        drifts: try entries.compactMap { try drift(of: $0, from: model, to: flat) }, refusal: nil)
    } catch let error as FlatModeError {
      return SuiteReport.Flat(drifts: [], refusal: error.message)
    } catch let error as GenerationError {
      // What does not answer must not refuse a change.
      return SuiteReport.Flat(drifts: [], refusal: error.message)
    }
  }

  /// Scores some of one pack's own texts in both modes; `nil` where it has no experts or no texts.
  private func drift(
    of entry: Entry, from model: LanguageModel, to flat: Decoder
  ) throws -> SuiteReport.Flat.Drift? {
    let experts = entry.mounted.model.gatedExperts
    let texts = sample(of: entry)
    guard !experts.isEmpty, !texts.isEmpty else { return nil }
    progress(
      WorkProgress(stage: "flat mode of \(entry.identity.name)", done: 0, total: texts.count))
    let bytes = Double(max(1, texts.reduce(0) { $0 + $1.utf8.count }))
    func natsPerByte(_ decoder: Decoder, _ experts: [Int: SparseNetwork]?) throws -> Double {
      let requests = try texts.flatMap { try model.scoringRequests($0, experts: experts) }
      let scores = try TextScorer(decoder: decoder, pool: pool).scores(requests)
      return -scores.reduce(0) { $0 + $1.logLikelihood } / bytes
    }
    return SuiteReport.Flat.Drift(
      pack: entry.identity.name, texts: texts.count,
      isolated: try natsPerByte(model.decoder, experts), flat: try natsPerByte(flat, nil))
  }

  /// What the backbone's own routers do with some of the packs' own texts.
  ///
  /// - Parameter name: The one pack whose texts are looked at; all of them when `nil`.
  /// - Returns: One a layer with experts, ascending; empty on an encoder and on a model without routed experts.
  /// - Throws: Whatever reading the model throws.
  public func measureUtilization(only name: String? = nil) throws -> [ExpertUtilization] {
    guard let (model, entries) = try speakers(only: name) else { return [] }
    let texts = entries.flatMap(sample).compactMap { text -> [Int32]? in
      let ids = model.tokenizer.encode(text).ids.prefix(model.decoder.architecture.positionCount)
      return ids.isEmpty ? nil : Array(ids)
    }
    return model.decoder.utilization(of: texts, pool: pool)
  }
}
