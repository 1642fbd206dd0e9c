public import MoEBase

/// What a pack is held to of a backbone: which it is, and how wide.
///
/// Its weights are not needed for that.
public struct BackboneOutline: Sendable, Equatable {
  /// The name that `pack.yaml` uses.
  public let name: String
  /// The digest that names it: over its files.
  public let digest: Digest
  /// The digest of `tokenizer.json`.
  public let tokenizerDigest: Digest
  /// Whether it is an encoder or a language model.
  public let kind: KnownBackbone.Kind
  /// The number of layers.
  public let layerCount: Int
  /// D, the width of a token's states.
  public let width: Int
  /// G, the width of the features.
  public let featureWidth: Int

  /// Reads the configuration of a registered backbone, and nothing else of it.
  ///
  /// - Throws: ``BackboneError``.
  public init(_ known: KnownBackbone, files: BackboneFiles) throws {
    name = known.name
    digest = known.digest
    tokenizerDigest = known.tokenizerDigest
    kind = known.kind
    switch known.kind {
    case .encoder:
      let configuration = try EncoderConfiguration(files: files)
      layerCount = configuration.layerCount
      width = configuration.width
      featureWidth = configuration.featureWidth
    case .decoder:
      let architecture = try DecoderConfiguration.architecture(try files.json("config.json"))
      layerCount = architecture.layerCount
      width = architecture.width
      featureWidth = architecture.width
    }
  }

  fileprivate init(_ backbone: Backbone) {
    name = backbone.name
    digest = backbone.digest
    tokenizerDigest = backbone.tokenizerDigest
    kind = backbone.kind
    layerCount = backbone.layerCount
    width = backbone.width
    featureWidth = backbone.featureWidth
  }
}

extension Backbone {
  /// What packs are held to.
  public var outline: BackboneOutline { BackboneOutline(self) }
}
