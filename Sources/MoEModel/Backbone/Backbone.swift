public import MoEBase
public import MoETensor
import SafeTensors

/// The frozen pretrained transformer that all packs share, loaded.
///
/// Weights are memory-mapped or packed once, never changed, and shared by everything that runs on them.
public struct Backbone: Sendable {
  /// The name that `pack.yaml` uses.
  public let name: String
  /// The digest that names it: over the files of ``BackboneFiles/covered``.
  public let digest: Digest
  /// The digest of `tokenizer.json`.
  public let tokenizerDigest: Digest
  /// Text to token ids.
  public let tokenizer: Tokenizer
  /// The transformer.
  public let encoder: Encoder
  /// Its files.
  public let files: BackboneFiles

  /// Composes a backbone of its parts: for one that is not registered, such as a test's.
  ///
  /// - Precondition: The tokenizer's ids and lengths fit the encoder.
  public init(
    name: String, digest: Digest, tokenizerDigest: Digest, tokenizer: Tokenizer, encoder: Encoder,
    files: BackboneFiles
  ) {
    precondition(
      tokenizer.vocabularySize <= encoder.configuration.vocabularySize
        && tokenizer.maximumLength <= encoder.configuration.positionCount,
      "a tokenizer of another encoder")
    self.name = name
    self.digest = digest
    self.tokenizerDigest = tokenizerDigest
    self.tokenizer = tokenizer
    self.encoder = encoder
    self.files = files
  }

  /// Loads a registered backbone.
  ///
  /// Its files were checked when it was registered, and are not hashed again.
  ///
  /// - Throws: ``BackboneError``, `TokenizerError` or `SafeTensorsError`.
  public init(_ known: KnownBackbone, files: BackboneFiles, kernels: Kernels) throws {
    guard known.kind == .encoder else {
      throw BackboneError.wrongKind(name: known.name, kind: known.kind)
    }
    name = known.name
    digest = known.digest
    tokenizerDigest = known.files["tokenizer.json"] ?? known.digest
    let configuration = try EncoderConfiguration(files: files)
    tokenizer = try Tokenizer(
      json: try files.bytes("tokenizer.json"), maximumLength: configuration.maximumTokens)
    guard tokenizer.vocabularySize == configuration.vocabularySize else {
      throw BackboneError.badConfiguration(
        file: "tokenizer.json", path: "model.vocab",
        expected: "\(configuration.vocabularySize) tokens", got: "\(tokenizer.vocabularySize)")
    }
    let checkpoint = try SafeTensorsFile(url: files.url("model.safetensors"))
    encoder = Encoder(
      configuration: configuration,
      weights: try EncoderWeights(file: checkpoint, configuration: configuration),
      kernels: kernels)
    self.files = files
  }

  /// The features of texts, `[count, G]`; see ``Encoder/pool(_:offsets:into:workspace:)``.
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
    let results = try pool.mapShards(Shards(encodings)) { shard, workspace in
      let batch = RaggedBatch(shard.map { encodings[$0].ids })
      var features = [Float](repeating: 0, count: shard.count * encoder.featureWidth)
      try encoder.embed(batch, workspace: workspace)
      for layer in 0..<encoder.layerCount {
        encoder.layer(layer, offsets: batch.offsets, experts: nil, workspace: workspace)
        encoder.pool(layer, offsets: batch.offsets, into: &features, workspace: workspace)
      }
      progress?(shard.count)
      return features
    }
    return results.flatMap(\.self)
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
    encoder.embeddings(of: try features(encodings, pool: pool))
  }
}
