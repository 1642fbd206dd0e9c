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
      let found = try perplexity(
        own, answers: answers.map(\.automatic), model: model, experts: experts)
      for (index, outcome) in zip(own, found) { outcomes[index] = outcome }
    case .classify, .tag: throw BackboneError.wrongKind(name: model.name, kind: .decoder)
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
      confusion: ConfusionMatrix(labels: []), reliability: Reliability([]),
      scores: set.examples.indices.map { index in
        guard let outcome = outcomes[index] else { return .leftAlone(margin: margins[index]) }
        return .spoken(
          margin: margins[index], values: outcome.values,
          byteCount: set.examples[index].text.utf8.count)
      }, measures: Self.measures(own.compactMap { outcomes[$0] }, byteCount: byteCount(own)))
  }

  /// What the examples came to together.
  private static func measures(_ outcomes: [Outcome], byteCount: Int) -> [Metric: Double] {
    var measures: [Metric: Double] = [:]
    for metric in [
      Metric.normalizedAccuracy, .exactMatch, .tokenF1, .natsPerByte, .routedNatsPerByte,
    ] {
      let values = outcomes.compactMap { $0.values[metric] }
      guard !values.isEmpty else { continue }
      let count = metric.aggregation == .bytes ? byteCount : values.count
      measures[metric] = values.reduce(0, +) / Double(max(1, count))
    }
    return measures
  }

  private func byteCount(_ indices: [Int]) -> Int {
    indices.reduce(0) { $0 + set.examples[$1].text.utf8.count }
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

  /// The nats of each text, with the pack and as routed.
  private func perplexity(
    _ indices: [Int], answers: [Answer], model: LanguageModel, experts: [Int: SparseNetwork]?
  ) throws -> [Outcome] {
    let scorer = TextScorer(decoder: model.decoder, pool: pool)
    func nats(_ indices: [Int], _ experts: (Int) -> [Int: SparseNetwork]?) throws -> [Double] {
      let requests = try indices.map {
        try model.scoringRequests(set.examples[$0].text, experts: experts($0))
      }
      var scores = try scorer.scores(requests.flatMap(\.self))[...]
      return requests.map { pieces in
        let own = scores.prefix(pieces.count)
        scores = scores.dropFirst(pieces.count)
        return -own.reduce(0) { $0 + $1.logLikelihood }
      }
    }
    let own = try nats(indices) { _ in experts }
    let strays = indices.filter { answers[$0].route.first?.pack.digest != pack.digest }
    let routed = Dictionary(
      uniqueKeysWithValues: zip(
        strays, try nats(strays) { mixture.speakingExperts(of: answers[$0]) }))
    return zip(indices, own).map { index, value in
      Outcome(
        isRight: true,
        values: [.natsPerByte: value, .routedNatsPerByte: routed[index] ?? value])
    }
  }

  private static func greatest(_ values: [Double]) -> Int? {
    values.indices.max { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) }
  }
}
