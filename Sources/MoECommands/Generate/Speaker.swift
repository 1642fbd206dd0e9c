import MoEBase
import MoEModel
import MoERuntime
import MoEStore
import MoETensor

/// Who continues prompts: a language model alone, or with the packs of a store.
struct Speaker {
  let model: LanguageModel
  /// What decides who speaks; `nil` where the model speaks alone.
  let composition: Composition?
  /// Which pack may be made to speak.
  let options: AnswerOptions
  let pool: ThreadPool

  /// Asks the dispatcher who speaks, once for each prompt.
  ///
  /// - Parameter texts: The prompts without what a chat format puts around them.
  /// - Returns: An answer a prompt; `nil` where the model speaks alone.
  /// - Throws: `MixtureError` or `RuntimeError`.
  func answers(_ texts: [String]) throws -> [Answer?] {
    guard let composition else { return texts.map { _ in nil } }
    return try composition.answer(
      texts.map { model.tokenizer.encode($0) }, options: options, pool: pool)
  }

  /// The experts that speak beside the model's own networks.
  func experts(of answer: Answer?) -> [Int: SparseNetwork]? {
    answer.flatMap { composition?.mixture.speakingExperts(of: $0) }
  }

  /// What is told to machines of who speaks.
  func members(_ answer: Answer?, id: JSONValue?) -> [JSONMember] {
    guard let composition, let answer,
      case .object(let members) = composition.json(of: answer, id: id)
    else { return id.map { [JSONMember("id", $0)] } ?? [] }
    return members.filter { $0.key != "predictions" }
  }

  /// Who spoke, in a few words.
  func sentence(_ answer: Answer?) -> String? {
    guard let answer else { return nil }
    guard let route = answer.route.first else {
      return "no pack is responsible: \(model.name) spoke alone"
    }
    let share = answer.isForced ? "forced" : "weight \(route.weight.fixed(3))"
    return "\(route.pack.name) \(route.pack.version) spoke on \(model.name), \(share)"
  }
}

extension CommandSession {
  /// Who continues prompts.
  ///
  /// - Parameters:
  ///   - backbone: The language model that speaks alone; where it is `nil`, the store's packs on theirs, or the
  ///     only language model that is registered.
  ///   - pack: The pack that is made to speak, if one is.
  ///   - isForced: Whether the nearest pack speaks even under its threshold.
  /// - Returns: The model, and the composition where there is one.
  /// - Throws: `StoreError`, `BackboneError`, `RuntimeError`, `MixtureError` or `TensorError`.
  func speaker(backbone: String?, pack: String?, isForced: Bool) throws -> Speaker {
    let pool = try pool()
    if backbone == nil, let composition = try languageComposition() {
      let named = try pack.map { try composition.pack(named: $0).identity }
      return Speaker(
        model: try LanguageModel(composition.backbone), composition: composition,
        options: AnswerOptions(pack: named, isForced: isForced), pool: pool)
    }
    if let pack { throw MixtureError.notMounted(pack: pack, mounted: []) }
    if isForced { throw RuntimeError.nothingToForce }
    return Speaker(
      model: try backbones.languageModel(backbone, kernels: try kernels()), composition: nil,
      options: AnswerOptions(), pool: pool)
  }

  /// The composition of the store where its packs are for a language model; `nil` where it is empty or they
  /// are not.
  private func languageComposition() throws -> Composition? {
    guard let active = try storeForReading()?.active(), !active.packs.isEmpty else { return nil }
    let ground = try ground(for: active.packs, precision: active.precision)
    guard ground.backbone.kind == .decoder else { return nil }
    return try composition(of: active, on: ground)
  }
}
