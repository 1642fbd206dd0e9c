public import MoEBase
public import MoEModel
import MoEPackFormat
public import MoEStore
public import MoETensor

/// The backbone and one generation of packs, loaded: immutable, shared by every request that started on it.
public struct Composition: Sendable {
  /// The number of the generation.
  public let generation: Int
  /// The digest of the backbone profile its packs were made from; `nil` where nothing says.
  public let profile: Digest?
  /// The packs, ordered by the bytes of their names.
  public let packs: [MountedPack]
  /// Backbone, packs and gate, ready to answer.
  public let mixture: MixtureModel
  /// The identity of everything an answer depends on but the text and the options.
  ///
  /// ```
  /// SHA-256 of {"backbone":…,"profile":…,"packs":[…],"gateVersion":1,"precision":…,
  ///             "topK":2,"gap":3.0,"shift":0.0}
  /// ```
  ///
  /// without white space, the pack digests in their order; `profile` is `null` where nothing says.
  public let digest: Digest

  /// The backbone.
  public var backbone: Backbone { mixture.backbone }

  /// Composes packs that are loaded already; their order does not matter.
  ///
  /// - Parameters:
  ///   - backbone: The backbone.
  ///   - profile: The digest of its profile.
  ///   - generation: The number of the generation.
  ///   - packs: The packs.
  ///   - dispatcher: The gate, with the operator's settings.
  public init(
    backbone: Backbone, profile: Digest?, generation: Int, packs: [MountedPack],
    dispatcher: Dispatcher = Dispatcher()
  ) {
    self.generation = generation
    self.profile = profile ?? packs.first?.manifest.profile
    self.packs = packs.sorted {
      $0.identity.name.utf8.lexicographicallyPrecedes($1.identity.name.utf8)
    }
    mixture = MixtureModel(
      backbone: backbone, packs: self.packs.map(\.model), dispatcher: dispatcher)
    digest = Self.digest(
      backbone: backbone.digest, profile: self.profile,
      packs: mixture.packs.map(\.identity.digest), precision: backbone.precision,
      dispatcher: dispatcher)
  }

  /// The identity of a composition, without loading it.
  ///
  /// - Parameters:
  ///   - backbone: The digest of the backbone.
  ///   - profile: The digest of its profile; `nil` where nothing says.
  ///   - packs: The pack digests, in any order.
  ///   - precision: The precision that they answer in.
  ///   - dispatcher: The gate, with the operator's settings.
  /// - Returns: The digest of what stands under ``digest``.
  public static func digest(
    backbone: Digest, profile: Digest?, packs: [Digest], precision: Precision,
    dispatcher: Dispatcher
  ) -> Digest {
    let identity: JSONValue = .object([
      JSONMember("backbone", .digest(backbone)),
      JSONMember("profile", profile.map(JSONValue.digest) ?? .null),
      JSONMember("packs", .array(packs.sorted().map(JSONValue.digest))),
      JSONMember("gateVersion", .integer(Dispatcher.gateVersion)),
      JSONMember("precision", .string(precision.rawValue)),
      JSONMember("topK", .integer(dispatcher.topK)),
      JSONMember("gap", .number(dispatcher.gap)),
      JSONMember("shift", .number(dispatcher.shift)),
    ])
    return Digest(of: identity.bytes)
  }

  /// Loads installed packs and composes them.
  ///
  /// Where `profile` is not known, the packs are held to each other's.
  ///
  /// - Throws: ``RuntimeError`` or `StoreError`, naming the pack that cannot be part of it.
  public init(
    backbone: Backbone, profile: Digest?, generation: Int, packs: [InstalledPack],
    dispatcher: Dispatcher = Dispatcher()
  ) throws {
    var profile = profile
    var mounted: [MountedPack] = []
    for pack in packs {
      let loaded = try MountedPack(pack, backbone: backbone.outline, profile: profile)
      profile = profile ?? loaded.manifest.profile
      mounted.append(loaded)
    }
    self.init(
      backbone: backbone, profile: profile, generation: generation, packs: mounted,
      dispatcher: dispatcher)
  }

  /// The pack of that name, compared byte by byte.
  ///
  /// - Throws: `MixtureError.notMounted`.
  public func pack(named name: String) throws -> MountedPack {
    guard let pack = packs.first(where: { $0.identity.name.utf8.elementsEqual(name.utf8) }) else {
      throw MixtureError.notMounted(pack: name, mounted: packs.map(\.identity.name))
    }
    return pack
  }

  /// Answers texts, in order; a named pack that cannot answer is an error, never a silence.
  ///
  /// - Parameters:
  ///   - encodings: The tokenized texts.
  ///   - options: Which pack may answer.
  ///   - pool: The threads that share the work.
  /// - Returns: An answer a text, in order.
  /// - Throws: `MixtureError`, ``RuntimeError/noMargin(pack:)`` or ``RuntimeError/nothingToForce``.
  public func answer(
    _ encodings: [Encoding], options: AnswerOptions = AnswerOptions(), pool: ThreadPool
  ) throws -> [Answer] {
    if options.isForced, options.pack == nil, packs.isEmpty { throw RuntimeError.nothingToForce }
    let answers = try mixture.answer(encodings, options: options, pool: pool)
    if let pack = options.pack, answers.contains(where: \.route.isEmpty) {
      throw RuntimeError.noMargin(pack: pack.name)
    }
    return answers
  }

  /// Answers texts that each have options of their own, in one ragged batch, in order.
  ///
  /// - Throws: `MixtureError`, ``RuntimeError/noMargin(pack:)`` or ``RuntimeError/nothingToForce``.
  public func answer(_ requests: [MixtureRequest], pool: ThreadPool) throws -> [Answer] {
    let answers = try mixture.answer(requests, pool: pool)
    for (request, answer) in zip(requests, answers) where answer.route.isEmpty {
      if let pack = request.options.pack { throw RuntimeError.noMargin(pack: pack.name) }
      if request.options.isForced, answer.nearest == nil { throw RuntimeError.nothingToForce }
    }
    return answers
  }
}
