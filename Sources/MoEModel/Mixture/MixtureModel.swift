import MoEBase
public import MoETensor

/// The backbone and a set of packs, composed: immutable, shared by every request that started on it.
///
/// An answer depends on the text, the options and the packs selected for it, and on nothing else: not on
/// the batch, the threads, the order of `packs`, nor on any pack that is no candidate (invariants I1–I4).
public struct MixtureModel: Sendable {
  /// The backbone.
  public let backbone: Backbone
  /// The packs, in the order of their digests.
  public let packs: [PackModel]
  /// The gate.
  public let dispatcher: Dispatcher
  private let bank: DispatcherBank

  /// Composes packs; their order does not matter.
  ///
  /// On a language model one pack speaks at a time, whatever `dispatcher.topK` says.
  public init(backbone: Backbone, packs: [PackModel], dispatcher: Dispatcher = Dispatcher()) {
    self.backbone = backbone
    self.packs = packs.sorted { $0.identity.digest < $1.identity.digest }
    var dispatcher = dispatcher
    if backbone.kind == .decoder { dispatcher.topK = 1 }
    self.dispatcher = dispatcher
    bank = DispatcherBank(self.packs.map(\.rows))
  }

  /// Answers texts, in order.
  ///
  /// - Parameters:
  ///   - texts: The requests.
  ///   - options: Which pack may answer.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how many texts are done, from any thread.
  /// - Returns: An answer a text.
  /// - Throws: ``MixtureError`` if a named pack is not mounted or a selected pack's output is not finite.
  public func answer(
    _ texts: [String], options: AnswerOptions = AnswerOptions(), pool: ThreadPool,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [Answer] {
    try answer(
      texts.map { backbone.tokenizer.encode($0) }, options: options, pool: pool, progress: progress)
  }

  /// Answers tokenized texts, in order; see ``answer(_:options:pool:progress:)-(String,_,_,_)``.
  public func answer(
    _ encodings: [Encoding], options: AnswerOptions = AnswerOptions(), pool: ThreadPool,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [Answer] {
    let candidates = try permitted(by: options)
    guard case .encoder(let encoder) = backbone.transformer else {
      let features = try backbone.features(encodings, pool: pool, progress: progress)
      return routed(encodings[...], features: features, candidates: candidates, options: options)
    }
    let results = try pool.mapShards(Shards(encodings)) { range, workspace in
      let trunk = try Trunk(
        encodings[range].map(\.ids), encoder: encoder, packs: candidates, workspace: workspace)
      let answers = try self.answer(
        encodings[range], on: trunk, candidates: candidates, options: options,
        workspace: workspace)
      progress?(answers.count)
      return answers
    }
    return results.flatMap(\.self)
  }

  /// What a pack makes of texts beside what the mixture makes of them, on one trunk pass.
  ///
  /// - Parameters:
  ///   - encodings: The tokenized texts.
  ///   - pack: The pack.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how many texts are done, from any thread.
  /// - Returns: A text each: `own`, the answer when this pack is named, and `automatic`, the dispatcher's.
  /// - Throws: ``MixtureError`` if the pack is not mounted or an output is not finite.
  public func compare(
    _ encodings: [Encoding], naming pack: PackIdentity, pool: ThreadPool,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [(own: Answer, automatic: Answer)] {
    let options = AnswerOptions(pack: pack)
    let named = try permitted(by: options)
    guard case .encoder(let encoder) = backbone.transformer else {
      let features = try backbone.features(encodings, pool: pool, progress: progress)
      return zip(
        routed(encodings[...], features: features, candidates: named, options: options),
        routed(
          encodings[...], features: features, candidates: packs, options: AnswerOptions())
      ).map { (own: $0, automatic: $1) }
    }
    let results = try pool.mapShards(Shards(encodings)) { range, workspace in
      let trunk = try Trunk(
        encodings[range].map(\.ids), encoder: encoder, packs: packs, workspace: workspace)
      let own = try answer(
        encodings[range], on: trunk, candidates: named, options: options, workspace: workspace)
      let automatic = try answer(
        encodings[range], on: trunk, candidates: packs, options: AnswerOptions(),
        workspace: workspace)
      progress?(range.count)
      return zip(own, automatic).map { (own: $0, automatic: $1) }
    }
    return results.flatMap(\.self)
  }

  /// The embeddings of texts in a pack's own expert space, `[count, D]`: the last block of what its heads read.
  ///
  /// - Throws: ``MixtureError/notMounted(pack:mounted:)``, or ``BackboneError/wrongKind(name:kind:)`` on a
  ///   language model.
  public func embed(
    _ encodings: [Encoding], pack: PackIdentity, pool: ThreadPool
  ) throws -> [Float] {
    let candidates = try permitted(by: AnswerOptions(pack: pack))
    let encoder = try backbone.encoder
    let results = try pool.mapShards(Shards(encodings)) { range, workspace in
      let trunk = try Trunk(
        encodings[range].map(\.ids), encoder: encoder, packs: candidates, workspace: workspace)
      let features = trunk.features(
        by: candidates[0], sequences: Array(0..<range.count), workspace: workspace)
      return backbone.embeddings(of: features)
    }
    return results.flatMap(\.self)
  }

  private func permitted(by options: AnswerOptions) throws -> [PackModel] {
    guard let pack = options.pack else { return packs }
    let named = packs.filter { $0.identity.digest == pack.digest }
    guard !named.isEmpty else {
      throw MixtureError.notMounted(pack: pack.name, mounted: packs.map(\.identity.name))
    }
    return named
  }

  /// Answers the sequences of one shard, on one thread.
  private func answer(
    _ encodings: ArraySlice<Encoding>, on trunk: Trunk, candidates: [PackModel],
    options: AnswerOptions, workspace: EncoderWorkspace
  ) throws -> [Answer] {
    let decisions = decide(
      trunk.features, count: encodings.count, candidates: candidates, options: options)
    var predictions: [[Answer.Prediction]] = Array(repeating: [], count: encodings.count)
    for (index, pack) in candidates.enumerated() {
      let chosen: [(sequence: Int, weight: Double)] = decisions.enumerated().compactMap {
        sequence, decision in
        decision.route.first { $0.index == index }.map { (sequence, $0.weight) }
      }
      guard !chosen.isEmpty else { continue }
      let features = trunk.features(
        by: pack, sequences: chosen.map(\.sequence), workspace: workspace)
      for head in pack.heads {
        let labels = head.labels.count
        let probabilities = head.probabilities(
          features, count: chosen.count, kernels: trunk.kernels)
        guard probabilities.allSatisfy(\.isFinite) else {
          throw MixtureError.numericalError(pack: pack.identity.name, task: head.task)
        }
        for (position, entry) in chosen.enumerated() {
          for (label, name) in head.labels.enumerated() {
            predictions[entry.sequence].append(
              Answer.Prediction(
                pack: pack.identity, task: head.task, label: name,
                probability: probabilities[position * labels + label], weight: entry.weight))
          }
        }
      }
    }
    return encodings.indices.map { index in
      let sequence = index - encodings.startIndex
      return answer(
        encodings[index], decisions[sequence], predictions: Self.ranked(predictions[sequence]),
        candidates: candidates, options: options)
    }
  }

  /// Answers that tell the route alone: what a language model has before it speaks.
  private func routed(
    _ encodings: ArraySlice<Encoding>, features: [Float], candidates: [PackModel],
    options: AnswerOptions
  ) -> [Answer] {
    zip(
      encodings,
      decide(features, count: encodings.count, candidates: candidates, options: options)
    ).map { answer($0, $1, predictions: [], candidates: candidates, options: options) }
  }

  /// What the dispatcher decides for texts with these features, `[count, G]`.
  private func decide(
    _ features: [Float], count: Int, candidates: [PackModel], options: AnswerOptions
  ) -> [Dispatcher.Decision] {
    let bank = candidates.count == packs.count ? bank : DispatcherBank(candidates.map(\.rows))
    let margins = bank.margins(features, count: count, kernels: backbone.kernels)
    return (0..<count).map { sequence in
      dispatcher.decide(
        zip(candidates, margins).map {
          Dispatcher.Candidate(pack: $0.identity.digest, margin: $1[sequence])
        }, isForced: options.forcesRoute)
    }
  }

  private func answer(
    _ encoding: Encoding, _ decision: Dispatcher.Decision, predictions: [Answer.Prediction],
    candidates: [PackModel], options: AnswerOptions
  ) -> Answer {
    Answer(
      route: decision.route.map {
        Answer.Route(pack: candidates[$0.index].identity, margin: $0.margin, weight: $0.weight)
      },
      none: decision.none,
      nearest: decision.nearest.map {
        Answer.Nearest(pack: candidates[$0.index].identity, margin: $0.margin)
      },
      predictions: predictions, tokenCount: encoding.tokenCount,
      isTruncated: encoding.isTruncated, isForced: options.forcesRoute)
  }

  /// Sorts by ``Answer/Prediction/precedes(_:)``, then by label order.
  private static func ranked(_ predictions: [Answer.Prediction]) -> [Answer.Prediction] {
    predictions.enumerated().sorted { left, right in
      if left.element.precedes(right.element) { return true }
      if right.element.precedes(left.element) { return false }
      return left.offset < right.offset
    }.map(\.element)
  }
}
