public import MoEBase
public import MoETensor
import SafeTensors

/// The frozen pretrained transformer that all packs share, loaded.
///
/// Weights are memory-mapped or packed once, never changed, and shared by everything that runs on them.
public struct Backbone: Sendable {
  /// The name that `pack.yaml` uses.
  public let name: String
  /// The digest that names it: over its files.
  public let digest: Digest
  /// The digest of `tokenizer.json`.
  public let tokenizerDigest: Digest
  /// Text to token ids.
  public let tokenizer: Tokenizer
  /// The transformer.
  public let transformer: Transformer
  /// Its files.
  public let files: BackboneFiles

  /// The two kinds of transformers that packs are made for.
  public enum Transformer: Sendable {
    /// Texts become embeddings and labels.
    case encoder(Encoder)
    /// Prompts are continued.
    case decoder(Decoder)
  }

  /// Composes a backbone of its parts: for one that is not registered, such as a test's.
  ///
  /// - Precondition: The tokenizer's ids and lengths fit the transformer.
  public init(
    name: String, digest: Digest, tokenizerDigest: Digest, tokenizer: Tokenizer,
    transformer: Transformer, files: BackboneFiles
  ) {
    precondition(
      tokenizer.vocabularySize <= transformer.vocabularySize
        && tokenizer.maximumLength <= transformer.positionCount,
      "a tokenizer of another transformer")
    self.name = name
    self.digest = digest
    self.tokenizerDigest = tokenizerDigest
    self.tokenizer = tokenizer
    self.transformer = transformer
    self.files = files
  }

  /// Loads a registered backbone.
  ///
  /// Its files were checked when it was registered, and are not hashed again.
  ///
  /// - Parameters:
  ///   - known: What is registered.
  ///   - files: Its files.
  ///   - kernels: The kernels everything runs on.
  ///   - precision: The precision of an encoder's linear maps; a language model has that of its checkpoint.
  /// - Throws: ``BackboneError``, `TokenizerError` or `SafeTensorsError`.
  public init(
    _ known: KnownBackbone, files: BackboneFiles, kernels: Kernels, precision: Precision = .f32
  ) throws {
    name = known.name
    digest = known.digest
    tokenizerDigest = known.tokenizerDigest
    self.files = files
    switch known.kind {
    case .encoder:
      let configuration = try EncoderConfiguration(files: files)
      tokenizer = try Tokenizer(
        json: try files.bytes("tokenizer.json"), maximumLength: configuration.maximumTokens)
      guard tokenizer.vocabularySize == configuration.vocabularySize else {
        throw BackboneError.badConfiguration(
          file: "tokenizer.json", path: "model.vocab",
          expected: "\(configuration.vocabularySize) tokens", got: "\(tokenizer.vocabularySize)")
      }
      let checkpoint = try SafeTensorsFile(url: files.url("model.safetensors"))
      transformer = .encoder(
        Encoder(
          configuration: configuration,
          weights: try EncoderWeights(
            file: checkpoint, configuration: configuration, precision: precision),
          kernels: kernels))
    case .decoder:
      guard precision == .f32 else { throw BackboneError.precision(precision, name: known.name) }
      let architecture = try DecoderConfiguration.architecture(try files.json("config.json"))
      tokenizer = try LanguageModel.tokenizer(files, architecture: architecture)
      transformer = .decoder(
        try Decoder(
          panels: files.url(PanelFile.name), architecture: architecture, kernels: kernels))
    }
  }

  /// The same backbone in another precision; its files are not read again, but for the weights.
  ///
  /// - Throws: ``BackboneError/precision(_:name:)`` of a language model, or what reading the weights throws.
  public func converted(to precision: Precision) throws -> Backbone {
    guard precision != self.precision else { return self }
    guard case .encoder(let encoder) = transformer else {
      throw BackboneError.precision(precision, name: name)
    }
    return Backbone(
      name: name, digest: digest, tokenizerDigest: tokenizerDigest, tokenizer: tokenizer,
      transformer: .encoder(
        Encoder(
          configuration: encoder.configuration,
          weights: try EncoderWeights(
            file: encoder.weights.file, configuration: encoder.configuration, precision: precision),
          kernels: encoder.kernels)), files: files)
  }

  /// The encoder.
  ///
  /// - Throws: ``BackboneError/wrongKind(name:kind:)`` where the backbone is a language model.
  public var encoder: Encoder {
    get throws(BackboneError) {
      guard case .encoder(let encoder) = transformer else {
        throw .wrongKind(name: name, kind: .decoder)
      }
      return encoder
    }
  }

  /// The decoder.
  ///
  /// - Throws: ``BackboneError/wrongKind(name:kind:)`` where the backbone is an encoder.
  public var decoder: Decoder {
    get throws(BackboneError) {
      guard case .decoder(let decoder) = transformer else {
        throw .wrongKind(name: name, kind: .encoder)
      }
      return decoder
    }
  }

  /// Whether it is an encoder or a language model.
  public var kind: KnownBackbone.Kind {
    switch transformer {
    case .encoder: .encoder
    case .decoder: .decoder
    }
  }

  /// The precision of an encoder's linear maps; ``Precision/f32`` of a language model, whose arithmetic that is.
  public var precision: Precision {
    switch transformer {
    case .encoder(let encoder): encoder.precision
    case .decoder: .f32
    }
  }

  /// The number of layers.
  public var layerCount: Int { transformer.layerCount }
  /// D, the width of a token's states.
  public var width: Int { transformer.width }
  /// G, the width of the features.
  public var featureWidth: Int { transformer.featureWidth }
  /// The kernels everything runs on.
  public var kernels: Kernels { transformer.kernels }

  /// The features of texts, `[count, G]`, which the dispatcher reads.
  ///
  /// An encoder's: ``Encoder/pool(_:offsets:into:workspace:)``. A language model's: the L2-normalised mean
  /// over the prompt's tokens of the final normalised states.
  ///
  /// - Parameters:
  ///   - encodings: The tokenized texts.
  ///   - pool: The threads that share the work; the bits do not depend on them.
  ///   - progress: Told how many texts are done, from any thread.
  /// - Returns: f, `[count, G]`.
  /// - Throws: Whatever reading the mapped weights throws.
  public func features(
    _ encodings: [Encoding], pool: ThreadPool, progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [Float] {
    switch transformer {
    case .encoder(let encoder):
      try encoder.features(encodings, pool: pool, progress: progress)
    case .decoder(let decoder):
      decoder.features(encodings.map(\.ids), pool: pool, progress: progress)
    }
  }

  /// ``features(_:pool:progress:)`` for texts that are not tokenized yet.
  ///
  /// - Throws: Whatever reading the mapped weights throws.
  public func features(
    texts: [String], pool: ThreadPool, progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [Float] {
    try features(texts.map { tokenizer.encode($0) }, pool: pool, progress: progress)
  }

  /// The base embeddings z(x) of texts: `[count, D]`, each row the L2-normalised mean over tokens of the final states.
  ///
  /// - Throws: Whatever reading the mapped weights throws.
  public func embed(_ encodings: [Encoding], pool: ThreadPool) throws -> [Float] {
    embeddings(of: try features(encodings, pool: pool))
  }

  /// The last block of each row of features: z(x), `[count, D]`.
  public func embeddings(of features: [Float]) -> [Float] {
    stride(from: featureWidth, through: features.count, by: featureWidth)
      .flatMap { features[$0 - width..<$0] }
  }
}

extension Backbone.Transformer {
  fileprivate var vocabularySize: Int {
    switch self {
    case .encoder(let encoder): encoder.configuration.vocabularySize
    case .decoder(let decoder): decoder.architecture.vocabularySize
    }
  }

  fileprivate var positionCount: Int {
    switch self {
    case .encoder(let encoder): encoder.configuration.positionCount
    case .decoder(let decoder): decoder.architecture.positionCount
    }
  }

  fileprivate var layerCount: Int {
    switch self {
    case .encoder(let encoder): encoder.layerCount
    case .decoder(let decoder): decoder.architecture.layerCount
    }
  }

  fileprivate var width: Int {
    switch self {
    case .encoder(let encoder): encoder.width
    case .decoder(let decoder): decoder.architecture.width
    }
  }

  fileprivate var featureWidth: Int {
    switch self {
    case .encoder(let encoder): encoder.featureWidth
    case .decoder(let decoder): decoder.architecture.width
    }
  }

  fileprivate var kernels: Kernels {
    switch self {
    case .encoder(let encoder): encoder.kernels
    case .decoder(let decoder): decoder.kernels
    }
  }
}
