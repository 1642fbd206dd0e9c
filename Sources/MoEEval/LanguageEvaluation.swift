import MoEBase
import MoEModel
import MoETensor

/// Runs an eval set on a language model: what the pack says when it is named, and whether it is chosen.
struct LanguageEvaluation {
  let set: EvalSet
  let mixture: MixtureModel
  let pack: PackIdentity
  let pool: ThreadPool
  let progress: (@Sendable (Int) -> Void)?

  /// What one own example came to.
  private struct Outcome {
    var isRight = false
    var values: [Metric: Double] = [:]
  }

  /// Runs the set.
  ///
  /// - Throws: `MixtureError`, `BackboneError` or `GenerationError`.
  func run() throws -> EvalResult {
    let model = try LanguageModel(mixture.backbone)
    let encodings = set.examples.map { model.tokenizer.encode($0.text) }
    let answers = try mixture.compare(encodings, naming: pack, pool: pool, progress: progress)
    let own = set.examples.indices.filter { set.examples[$0].expectation != .none }
    let experts = mixture.packs.first { $0.identity.digest == pack.digest }?.gatedExperts
    let isSelected = answers.map { answer in
      answer.automatic.route.contains { $0.pack.digest == pack.digest }
    }
    var outcomes: [Int: Outcome] = [:]
    var measures: [Metric: Double] = [:]
    switch set.kind {
    case .choose:
      for (index, outcome) in zip(own, try choices(own, model: model, experts: experts)) {
        outcomes[index] = outcome
      }
    case .generate:
      for (index, outcome) in zip(own, try completions(own, model: model, experts: experts)) {
        outcomes[index] = outcome
      }
    case .perplexity:
      measures = try perplexity(
        own, answers: answers.map(\.automatic), model: model, experts: experts)
      for index in own { outcomes[index] = Outcome(isRight: true) }
    case .classify: throw BackboneError.wrongKind(name: model.name, kind: .decoder)
    }
    for metric in [Metric.normalizedAccuracy, .exactMatch, .tokenF1] {
      let values = own.compactMap { outcomes[$0]?.values[metric] }
      if !values.isEmpty { measures[metric] = values.reduce(0, +) / Double(values.count) }
    }
    let margins = answers.map { $0.own.nearest?.margin ?? -.infinity }
    let none = set.examples.indices.filter { set.examples[$0].expectation == .none }
    return EvalResult(
      name: set.name, task: set.task, labelled: own.count,
      correct: own.count { outcomes[$0]?.isRight == true },
      ownSelected: own.count { isSelected[$0] }, none: none.count,
      noneSelected: none.count { isSelected[$0] },
      auroc: areaUnderROC(positive: own.map { margins[$0] }, negative: none.map { margins[$0] }),
      isCorrect: set.examples.indices.map { outcomes[$0]?.isRight },
      isAnsweredRight: set.examples.indices.map { index in
        outcomes[index].map { $0.isRight && isSelected[index] } ?? !isSelected[index]
      },
      confusion: ConfusionMatrix(labels: []), reliability: Reliability([]), measures: measures)
  }

  /// The likelihoods of the choices, as lm-eval's `multiple_choice` takes them: the text and each choice
  /// encoded together, and what follows the text's own tokens scored.
  private func choices(
    _ indices: [Int], model: LanguageModel, experts: [Int: SparseNetwork]?
  ) throws -> [Outcome] {
    var requests: [ScoringRequest] = []
    for index in indices {
      guard case .choice(let choices, _) = set.examples[index].expectation else { continue }
      let text = set.examples[index].text
      let prompt = try model.checked(model.tokenizer.encode(text, specialTokens: .nowhere))
      for choice in choices {
        let whole = try model.checked(
          model.tokenizer.encode(text + choice, specialTokens: .nowhere))
        requests.append(
          ScoringRequest(
            prompt: prompt, text: Array(whole.dropFirst(prompt.count)), experts: experts))
      }
    }
    var scores = try TextScorer(decoder: model.decoder, pool: pool).scores(requests)[...]
    return indices.compactMap { index in
      guard case .choice(let choices, let answer) = set.examples[index].expectation else {
        return nil
      }
      let own = scores.prefix(choices.count).map(\.logLikelihood)
      scores = scores.dropFirst(choices.count)
      let normalized = zip(own, choices).map { $0 / Double(max(1, $1.unicodeScalars.count)) }
      return Outcome(
        isRight: Self.greatest(own) == answer,
        values: [.normalizedAccuracy: Self.greatest(normalized) == answer ? 1 : 0])
    }
  }

  /// Greedy continuations against the expected ones.
  private func completions(
    _ indices: [Int], model: LanguageModel, experts: [Int: SparseNetwork]?
  ) throws -> [Outcome] {
    let requests = try indices.map { index in
      ContinuationRequest(
        prompt: try model.checked(
          model.tokenizer.encode(set.examples[index].text, specialTokens: .nowhere)),
        sampling: SamplingOptions(), maximumTokens: set.completion.maximumTokens,
        endTokens: model.endTokens, experts: experts)
    }
    var texts = try indices.map { _ in
      try ContinuationText(model.tokenizer, stops: set.completion.stops)
    }
    _ = try Continuer(decoder: model.decoder, pool: pool).run(requests) { index, token in
      _ = texts[index].append(token)
      return !texts[index].isStopped
    }
    return indices.enumerated().compactMap { place, index in
      guard case .completion(let expected) = set.examples[index].expectation else { return nil }
      _ = texts[place].finish()
      let answer = AnswerText(texts[place].text)
      let isRight = answer.matches(anyOf: expected)
      return Outcome(
        isRight: isRight,
        values: [
          .exactMatch: isRight ? 1 : 0, .tokenF1: answer.tokenF1(againstBestOf: expected),
        ])
    }
  }

  /// Nats per byte of all texts together, with the pack and as routed.
  private func perplexity(
    _ indices: [Int], answers: [Answer], model: LanguageModel, experts: [Int: SparseNetwork]?
  ) throws -> [Metric: Double] {
    let byteCount = indices.reduce(0) { $0 + set.examples[$1].text.utf8.count }
    guard byteCount > 0 else { return [:] }
    let scorer = TextScorer(decoder: model.decoder, pool: pool)
    func nats(_ index: Int, _ experts: [Int: SparseNetwork]?) throws -> Double {
      let requests = try model.scoringRequests(set.examples[index].text, experts: experts)
      return -(try scorer.scores(requests).reduce(0) { $0 + $1.logLikelihood })
    }
    var own = 0.0
    var routed = 0.0
    for index in indices {
      let value = try nats(index, experts)
      own += value
      let isOwn = answers[index].route.first?.pack.digest == pack.digest
      routed += isOwn ? value : try nats(index, mixture.speakingExperts(of: answers[index]))
    }
    return [
      .natsPerByte: own / Double(byteCount), .routedNatsPerByte: routed / Double(byteCount),
    ]
  }

  private static func greatest(_ values: [Double]) -> Int? {
    values.indices.max { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) }
  }
}
