import MoEBase

/// What one kind of request sees of a mixture: the packs it may be answered by, and its gate.
struct MixtureView: Sendable {
  /// The packs that are scored, by their index in the mixture, ascending.
  let packs: [Int]
  /// The gate.
  let dispatcher: Dispatcher
  /// Whether the nearest pack answers even under its threshold.
  let isForced: Bool

  /// What options leave of a mixture.
  ///
  /// - Throws: ``MixtureError/notMounted(pack:mounted:)`` where the named pack is not there, or is masked: that
  ///   looks the same.
  init(_ options: AnswerOptions, of mixture: MixtureModel) throws(MixtureError) {
    var seen = Array(mixture.packs.indices)
    if let permitted = options.permitted {
      seen = seen.filter { permitted.contains(mixture.packs[$0].identity.digest) }
    }
    if let pack = options.pack {
      let named = seen.filter { mixture.packs[$0].identity.digest == pack.digest }
      guard !named.isEmpty else {
        throw .notMounted(pack: pack.name, mounted: seen.map { mixture.packs[$0].identity.name })
      }
      seen = named
    }
    var dispatcher = mixture.dispatcher
    // On a language model one pack speaks at a time.
    if let topK = options.topK, mixture.backbone.kind == .encoder { dispatcher.topK = topK }
    if let shift = options.shift { dispatcher.shift = shift }
    if let gap = options.gap { dispatcher.gap = gap }
    packs = seen
    self.dispatcher = dispatcher
    isForced = options.forcesRoute
  }
}

/// The views of a batch, and which text has which.
struct ViewPanel: Sendable {
  private let views: [MixtureView]
  /// By text, its view.
  private let viewOf: [Int]
  /// Every pack that some view has, by index, ascending.
  let candidates: [Int]

  /// Resolves the options of texts.
  ///
  /// - Throws: ``MixtureError/notMounted(pack:mounted:)``.
  init(_ options: [AnswerOptions], of mixture: MixtureModel) throws(MixtureError) {
    var known: [AnswerOptions: Int] = [:]
    var views: [MixtureView] = []
    var viewOf: [Int] = []
    viewOf.reserveCapacity(options.count)
    for option in options {
      if let index = known[option] {
        viewOf.append(index)
        continue
      }
      known[option] = views.count
      viewOf.append(views.count)
      views.append(try MixtureView(option, of: mixture))
    }
    self.views = views
    self.viewOf = viewOf
    candidates = Set(views.flatMap(\.packs)).sorted()
  }

  /// The views of some texts, each with its texts, numbered from the start of `range`.
  func texts(in range: Range<Int>) -> [(view: MixtureView, texts: [Int])] {
    var texts: [Int: [Int]] = [:]
    for text in range { texts[viewOf[text], default: []].append(text - range.lowerBound) }
    return texts.keys.sorted().map { (views[$0], texts[$0] ?? []) }
  }
}

/// What the dispatcher decided for one text, among the packs of its view.
struct ViewDecision {
  let view: MixtureView
  let decision: Dispatcher.Decision

  /// The weight of a pack, by its index in the mixture; `nil` where it is not selected.
  func weight(of pack: Int) -> Double? {
    decision.route.first { view.packs[$0.index] == pack }?.weight
  }

  /// The answer that tells of it.
  func answer(
    to encoding: Encoding, packs: [PackModel], predictions: [Answer.Prediction]
  ) -> Answer {
    func identity(_ index: Int) -> PackIdentity { packs[view.packs[index]].identity }
    return Answer(
      route: decision.route.map {
        Answer.Route(pack: identity($0.index), margin: $0.margin, weight: $0.weight)
      },
      none: decision.none,
      nearest: decision.nearest.map {
        Answer.Nearest(pack: identity($0.index), margin: $0.margin)
      },
      predictions: predictions, tokenCount: encoding.tokenCount,
      isTruncated: encoding.isTruncated, isForced: view.isForced)
  }
}
