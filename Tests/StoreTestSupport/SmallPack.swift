public import Foundation
public import MoEBase
public import MoEPackFormat
import SafeTensors

/// A really signed pack of a few kilobytes, for tests that break the store and not the model.
///
/// Its release decides its weights where they are not named, so two packs of one name share some blobs and
/// differ in others.
public struct SmallPack: Sendable {
  /// What the pack says it was made for.
  public struct Ground: Sendable {
    /// The digest of the backbone.
    public var backbone: Digest
    /// The digest of its tokenizer.
    public var tokenizer: Digest
    /// The digest of its profile.
    public var profile: Digest
    /// The width of its features.
    public var featureWidth: Int

    /// Makes a ground; without arguments, one that no backbone has.
    public init(
      backbone: Digest = Digest(of: [1]), tokenizer: Digest = Digest(of: [2]),
      profile: Digest = Digest(of: [3]), featureWidth: Int = 4
    ) {
      self.backbone = backbone
      self.tokenizer = tokenizer
      self.profile = profile
      self.featureWidth = featureWidth
    }
  }

  /// The name of the pack.
  public let name: PackName
  /// Its release; its version is `<release>.0.0` where none is named.
  public let release: Int
  /// The signed archive.
  public let archive: [UInt8]
  /// The pack digest.
  public let digest: Digest

  /// The key that signs.
  ///
  /// - Throws: `KeyError` never, for the seed has 32 bytes.
  public static func key() throws -> SigningKey {
    try SigningKey(seed: [UInt8](repeating: 7, count: 32))
  }

  /// The key above, trusted for every namespace.
  public static func trusted() throws -> TrustedKey {
    TrustedKey(try key().publicKey, namespaces: .all)
  }

  /// Makes and signs the pack.
  ///
  /// - Throws: `PackVerificationError` for what a reader would refuse.
  public init(
    _ name: String, version: String? = nil, release: Int = 1, value: Float? = nil,
    key: SigningKey? = nil, ground: Ground = Ground()
  ) throws {
    guard let name = PackName(name),
      let version = SemanticVersion(version ?? "\(release).0.0")
    else {
      throw CocoaError(.formatting)
    }
    self.name = name
    self.release = release
    let manifest = Manifest(
      pack: name, version: version, release: release, summary: "A pack for tests",
      license: "Apache-2.0",
      about: .init(languages: ["en"], jurisdictions: ["SG"], asOf: "2026-01-01"),
      backbone: .init(name: "minilm-l6", digest: ground.backbone), tokenizer: ground.tokenizer,
      profile: ground.profile, experts: nil,
      tasks: [.init(name: "issue", labels: ["first", "second"])],
      evals: [
        .init(
          name: "issue", task: "issue", value: 1, floor: 0.5, tolerance: 0, examples: 1, none: 0,
          routing: .init(ownSelected: 1, noneSelected: nil, auroc: nil))
      ],
      dispatcher: .init(
        rows: 2, threshold: 0, temperature: 1,
        calibration: .init(
          ownRecall: 1, falseActivation: 0, ownExamples: 1, negativeExamples: 1)),
      provenance: .init(
        trainer: "test 1", seed: 1, cpuClass: "any", kernels: "any", data: [],
        settings: .object([])))
    let writer = PackWriter(keys: [try key ?? Self.key()])
    let entries = Self.entries(name, value: value ?? Float(release), width: ground.featureWidth)
    archive = try writer.archive(manifest, entries: entries)
    digest = try UnverifiedPack(bytes: archive, name: "small").inspect().digest
  }

  private static func entries(_ name: PackName, value: Float, width: Int) -> [PackEntry] {
    var router = SafeTensorsWriter()
    router.add(
      TensorName.dispatcherWeight, shape: [2, width],
      floats: [Float](repeating: value, count: 2 * width))
    router.add(TensorName.dispatcherBias, shape: [2], floats: [value, value])
    router.add(TensorName.dispatcherPrior, shape: [2], floats: [0.5, 0.5])
    var heads = SafeTensorsWriter()
    heads.add(
      TensorName.headWeight(task: "issue"), shape: [2, width],
      floats: [Float](repeating: 1, count: 2 * width))
    heads.add(TensorName.headBias(task: "issue"), shape: [2], floats: [0, 0])
    return [
      PackEntry(name: EntryName.router, bytes: router.bytes()),
      PackEntry(name: EntryName.heads, bytes: heads.bytes()),
      PackEntry(name: EntryName.labels, bytes: LabelCatalog().bytes),
      PackEntry(
        name: EntryName.evaluation("issue"),
        bytes: Array(#"{"text": "a", "label": "first"}"#.utf8) + [0x0A]),
      PackEntry(name: EntryName.card, bytes: Array("# \(name)\n".utf8)),
      PackEntry(name: EntryName.license, bytes: Array("Apache-2.0\n".utf8)),
    ]
  }
}
