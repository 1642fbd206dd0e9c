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
    try answer(
      encodings.map { MixtureRequest($0, options: options) }, pool: pool, progress: progress)
  }

  /// Answers texts that each have options of their own, in one ragged batch, in order.
  ///
  /// - Throws: ``MixtureError`` if a named pack is not mounted or permitted, or a selected pack's output is not
  ///   finite.
  public func answer(
    _ requests: [MixtureRequest], pool: ThreadPool, progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [Answer] {
    let encodings = requests.map(\.encoding)
    let panel = try ViewPanel(requests.map(\.options), of: self)
    guard case .encoder(let encoder) = backbone.transformer else {
      let features = try backbone.features(encodings, pool: pool, progress: progress)
      let decisions = decide(features, encodings[...], panel)
      return zip(encodings, decisions).map { $1.answer(to: $0, packs: packs, predictions: []) }
    }
    let candidates = panel.candidates.map { packs[$0] }
    let results = try pool.mapShards(encodings) { range, workspace in
      let trunk = try Trunk(
        encodings[range].map(\.ids), encoder: encoder, packs: candidates, workspace: workspace)
      let answers = try self.answer(encodings[range], on: trunk, panel, workspace: workspace)
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
    let own = try ViewPanel(
      repeatElement(AnswerOptions(pack: pack), count: encodings.count).map(\.self), of: self)
    let automatic = try ViewPanel(
      repeatElement(AnswerOptions(), count: encodings.count).map(\.self), of: self)
    guard case .encoder(let encoder) = backbone.transformer else {
      let features = try backbone.features(encodings, pool: pool, progress: progress)
      let decisions = zip(
        decide(features, encodings[...], own), decide(features, encodings[...], automatic))
      return zip(encodings, decisions).map { encoding, pair in
        (
          own: pair.0.answer(to: encoding, packs: packs, predictions: []),
          automatic: pair.1.answer(to: encoding, packs: packs, predictions: [])
        )
      }
    }
    let results = try pool.mapShards(encodings) { range, workspace in
      let trunk = try Trunk(
        encodings[range].map(\.ids), encoder: encoder, packs: packs, workspace: workspace)
      let named = try answer(encodings[range], on: trunk, own, workspace: workspace)
      let routed = try answer(encodings[range], on: trunk, automatic, workspace: workspace)
      progress?(range.count)
      return zip(named, routed).map { (own: $0, automatic: $1) }
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
    let candidates = try ViewPanel([AnswerOptions(pack: pack)], of: self).candidates.map {
      packs[$0]
    }
    let encoder = try backbone.encoder
    let results = try pool.mapShards(encodings) { range, workspace in
      let trunk = try Trunk(
        encodings[range].map(\.ids), encoder: encoder, packs: candidates, workspace: workspace)
      return backbone.embeddings(of: trunk.features(by: candidates[0], workspace: workspace))
    }
    return results.flatMap(\.self)
  }

  /// Answers the sequences of one shard, on one thread.
  private func answer(
    _ encodings: ArraySlice<Encoding>, on trunk: Trunk, _ panel: ViewPanel,
    workspace: EncoderWorkspace
  ) throws -> [Answer] {
    let decisions = decide(trunk.features, encodings, panel)
    var predictions: [[Answer.Prediction]] = Array(repeating: [], count: encodings.count)
    let chosen = panel.candidates.compactMap { index in
      let texts = decisions.enumerated().compactMap { sequence, decision in
        decision.weight(of: index).map { (sequence: sequence, weight: $0) }
      }
      return texts.isEmpty ? nil : (pack: packs[index], texts: texts)
    }
    let probabilities = try trunk.probabilities(
      by: chosen.map { ExpertPass(pack: $0.pack, sequences: $0.texts.map(\.sequence)) },
      workspace: workspace)
    for ((pack, texts), probabilities) in zip(chosen, probabilities) {
      for (head, probabilities) in zip(pack.heads, probabilities) {
        for (position, entry) in texts.enumerated() {
          predictions[entry.sequence] += head.predictions(
            probabilities[head.range(of: position)], pack: pack.identity, weight: entry.weight)
        }
      }
    }
    return zip(encodings, zip(decisions, predictions)).map { encoding, pair in
      pair.0.answer(to: encoding, packs: packs, predictions: Self.ranked(pair.1))
    }
  }

  /// What the dispatcher decides for some of a panel's texts, whose features these are, `[encodings.count, G]`.
  private func decide(
    _ features: [Float], _ encodings: ArraySlice<Encoding>, _ panel: ViewPanel
  ) -> [ViewDecision] {
    let width = backbone.featureWidth
    let bags = encodings.map { NGramBag($0) }
    var decisions: [ViewDecision?] = Array(repeating: nil, count: encodings.count)
    for (view, texts) in panel.texts(in: encodings.indices) {
      let isWhole = texts.count == encodings.count
      let own = isWhole ? features : texts.flatMap { features[$0 * width..<($0 + 1) * width] }
      let isEvery = view.packs.count == packs.count
      let margins = bank.margins(
        own, isWhole ? bags : texts.map { bags[$0] }, kernels: backbone.kernels,
        of: isEvery ? nil : view.packs)
      for (place, text) in texts.enumerated() {
        decisions[text] = ViewDecision(
          view: view,
          decision: view.dispatcher.decide(
            zip(view.packs, margins).map {
              Dispatcher.Candidate(pack: packs[$0].identity.digest, margin: $1[place])
            }, isForced: view.isForced))
      }
    }
    return decisions.compactMap(\.self)
  }

  /// Sorts by ``Answer/Prediction/precedes(_:)``, then by label order.
  static func ranked(_ predictions: [Answer.Prediction]) -> [Answer.Prediction] {
    predictions.enumerated().sorted { left, right in
      if left.element.precedes(right.element) { return true }
      if right.element.precedes(left.element) { return false }
      return left.offset < right.offset
    }.map(\.element)
  }
}
