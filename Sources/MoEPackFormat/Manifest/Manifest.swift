public import MoEBase

/// What a pack says of itself, and is held to: its interface to the backbone, its claims, its contents.
///
/// It travels as the predicate of the signed statement. The SPEC's manifest section names every field.
public struct Manifest: Sendable, Equatable {
  /// The newest format this reader knows.
  public static let knownFormatVersion = 1
  /// The newest specification this reader knows.
  public static let knownSpecVersion = 1
  /// The newest gate mathematics this reader knows.
  public static let knownGateVersion = 1
  /// The critical features this reader knows; a pack with any other is refused.
  public static let knownFeatures = TaskKind.allCases.map(\.rawValue).sorted()

  /// The version of the archive's and the manifest's form.
  public var formatVersion = Manifest.knownFormatVersion
  /// The version of the specification the pack was made by.
  public var specVersion = Manifest.knownSpecVersion
  /// What a reader must know to read the pack, sorted.
  public var features: [String]
  /// The pack's name.
  public var pack: PackName
  /// Its version, for people.
  public var version: SemanticVersion
  /// A whole number that only ever rises: what rollback protection compares.
  public var release: Int
  /// One line for lists.
  public var summary: String
  /// The licence, as an SPDX expression or in words.
  public var license: String
  /// Languages, jurisdictions and the date the content was true.
  public var about: About
  /// The backbone the pack was made for.
  public var backbone: Backbone
  /// The digest of the tokenizer's file.
  public var tokenizer: Digest
  /// The digest of the backbone profile the dispatcher's rows were made from.
  public var profile: Digest
  /// The version of the gate's mathematics.
  public var gateVersion = Manifest.knownGateVersion
  /// The shape of the experts; `nil` where the frozen head won.
  public var experts: Experts?
  /// How token states become one: `mean`.
  public var pooling = "mean"
  /// What the pack predicts.
  public var tasks: [Task]
  /// Its eval sets, with claims.
  public var evals: [Evaluation]
  /// Its rows in the dispatcher, with their calibration.
  public var dispatcher: Dispatcher
  /// Packs whose ground this one declares to share.
  public var overlaps: [PackName]
  /// Packs that must be installed beside this one.
  public var requires: [PackRequirement] = []
  /// Packs that must not be.
  public var conflicts: [PackName] = []
  /// Packs whose place this one takes.
  public var supersedes: [PackName] = []
  /// Whether near duplicates between training and eval texts were let through.
  public var nearDuplicatesAllowed: Bool
  /// How the pack was made.
  public var provenance: Provenance
  /// Every other entry of the archive, in its order; filled in by ``PackWriter``.
  public var entries: [Entry] = []
  /// Every tensor; filled in by ``PackWriter``.
  public var tensors: [Tensor] = []

  /// Makes a manifest without entries and tensors.
  public init(
    features: [String]? = nil, pack: PackName, version: SemanticVersion,
    release: Int, summary: String, license: String, about: About, backbone: Backbone,
    tokenizer: Digest, profile: Digest, experts: Experts?, tasks: [Task], evals: [Evaluation],
    dispatcher: Dispatcher, overlaps: [PackName] = [], nearDuplicatesAllowed: Bool = false,
    provenance: Provenance
  ) {
    self.features = features ?? Set(tasks.map(\.kind.rawValue)).sorted()
    self.pack = pack
    self.version = version
    self.release = release
    self.summary = summary
    self.license = license
    self.about = about
    self.backbone = backbone
    self.tokenizer = tokenizer
    self.profile = profile
    self.experts = experts
    self.tasks = tasks
    self.evals = evals
    self.dispatcher = dispatcher
    self.overlaps = overlaps
    self.nearDuplicatesAllowed = nearDuplicatesAllowed
    self.provenance = provenance
  }

  /// The task of that name.
  public func task(_ name: String) -> Task? {
    tasks.first { $0.name.utf8.elementsEqual(name.utf8) }
  }
}
