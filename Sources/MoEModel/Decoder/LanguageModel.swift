public import Foundation
public import MoEBase
public import MoETensor
import SafeTensors

/// A backbone that continues prompts: its decoder, with what its checkpoint says of ends and chats.
public struct LanguageModel: Sendable {
  /// The backbone.
  public let backbone: Backbone
  /// The transformer.
  public let decoder: Decoder
  /// The tokens that end a continuation, by `generation_config.json` or `config.json`.
  public let endTokens: Set<Int32>
  /// The token before a text that nothing comes before: the beginning, or else an end, by `config.json`.
  public let prefixToken: Int32?

  /// The name commands use.
  public var name: String { backbone.name }
  /// The digest that names it.
  public var digest: Digest { backbone.digest }
  /// Text to token ids and back.
  public var tokenizer: Tokenizer { backbone.tokenizer }

  /// Takes a backbone as a language model.
  ///
  /// - Throws: ``BackboneError/wrongKind(name:kind:)`` where it is an encoder, or another ``BackboneError``.
  public init(_ backbone: Backbone) throws {
    self.backbone = backbone
    decoder = try backbone.decoder
    endTokens = try Self.endTokens(backbone.files, architecture: decoder.architecture)
    prefixToken = try Self.prefixToken(backbone.files, architecture: decoder.architecture)
  }

  /// Checks that a checkpoint's small files make a language model.
  ///
  /// - Throws: As loading it would.
  static func check(_ files: BackboneFiles, architecture: DecoderArchitecture) throws {
    _ = try tokenizer(files, architecture: architecture)
    _ = try endTokens(files, architecture: architecture)
  }

  /// The checkpoint's own chat template.
  ///
  /// - Throws: ``ChatTemplateError`` where it has none or uses what is not understood.
  public func chatTemplate() throws -> ChatTemplate {
    func bytes(_ name: String) throws -> [UInt8]? {
      let files = backbone.files
      return FileManager.default.fileExists(atPath: files.url(name).path)
        ? try files.bytes(name) : nil
    }
    return try ChatTemplate(
      configuration: try bytes("tokenizer_config.json"), jinja: try bytes("chat_template.jinja"))
  }

  /// The tokens of a prompt, held to the context.
  ///
  /// - Throws: ``GenerationError``.
  public func checked(_ encoding: Encoding) throws(GenerationError) -> [Int32] {
    guard !encoding.ids.isEmpty else { throw .emptyPrompt }
    let context = decoder.architecture.positionCount
    guard encoding.tokenCount <= context else {
      throw .promptTooLong(tokenCount: encoding.tokenCount, context: context)
    }
    return encoding.ids
  }

  /// The pieces a text is scored in: each at most one token under the context, behind the prefix token.
  ///
  /// - Throws: ``GenerationError/noPrefixToken``.
  public func scoringRequests(
    _ text: String, experts: [Int: SparseNetwork]?
  ) throws(GenerationError) -> [ScoringRequest] {
    guard let prefixToken else { throw .noPrefixToken }
    let ids = tokenizer.encode(
      text, addingSpecialTokens: false, specialTokens: .nowhere, limit: .max
    ).ids
    let most = decoder.architecture.positionCount - 1
    return stride(from: 0, to: ids.count, by: most).map {
      ScoringRequest(
        prompt: [prefixToken], text: Array(ids[$0..<min($0 + most, ids.count)]), experts: experts)
    }
  }

  private static func prefixToken(
    _ files: BackboneFiles, architecture: DecoderArchitecture
  ) throws -> Int32? {
    let config = try files.json("config.json")
    if case .integer(let id)? = config["bos_token_id"], id >= 0, id < architecture.vocabularySize {
      return Int32(id)
    }
    return try endTokens(files, architecture: architecture).min()
  }

  private static func endTokens(
    _ files: BackboneFiles, architecture: DecoderArchitecture
  ) throws -> Set<Int32> {
    for file in ["generation_config.json", "config.json"] {
      guard FileManager.default.fileExists(atPath: files.url(file).path),
        let value = try files.json(file)["eos_token_id"], value != .null
      else { continue }
      var values = [value]
      if case .array(let elements) = value { values = elements }
      return Set(
        try values.map { value in
          guard case .integer(let id) = value, id >= 0, id < architecture.vocabularySize else {
            throw BackboneError.badConfiguration(
              file: file, path: "eos_token_id",
              expected: "ids under \(architecture.vocabularySize)", got: value.text)
          }
          return Int32(id)
        })
    }
    return []
  }

  /// The tokenizer of a checkpoint, held to its vocabulary.
  ///
  /// - Throws: ``BackboneError`` or `TokenizerError`.
  static func tokenizer(
    _ files: BackboneFiles, architecture: DecoderArchitecture
  ) throws -> Tokenizer {
    let tokenizer = try Tokenizer(
      json: try files.bytes("tokenizer.json"), maximumLength: architecture.positionCount)
    guard tokenizer.vocabularySize <= architecture.vocabularySize else {
      throw BackboneError.badConfiguration(
        file: "tokenizer.json", path: "model.vocab",
        expected: "at most the \(architecture.vocabularySize) tokens of config.json",
        got: "\(tokenizer.vocabularySize)")
    }
    return tokenizer
  }
}

extension Decoder {
  /// Maps a decoder's panels.
  ///
  /// - Throws: `SafeTensorsError`.
  init(panels: URL, architecture: DecoderArchitecture, kernels: Kernels) throws {
    self.init(
      architecture: architecture,
      weights: try DecoderWeights(
        file: try SafeTensorsFile(url: panels), architecture: architecture), kernels: kernels)
  }

  /// Reads a checkpoint as it lies on disk, writing its panels beside nothing else of it.
  ///
  /// - Parameters:
  ///   - checkpoint: The checkpoint's directory.
  ///   - panels: The file of panels to write.
  ///   - kernels: What it runs on.
  /// - Throws: ``BackboneError`` or `SafeTensorsError`.
  public init(checkpoint: URL, panels: URL, kernels: Kernels) throws {
    let files = BackboneFiles(directory: checkpoint)
    let architecture = try DecoderConfiguration.architecture(try files.json("config.json"))
    try PanelFile.write(try Checkpoint(files), architecture: architecture, to: panels)
    try self.init(panels: panels, architecture: architecture, kernels: kernels)
  }

  /// Maps panels that were written before.
  ///
  /// - Throws: ``BackboneError`` or `SafeTensorsError`.
  public init(mapped panels: URL, checkpoint: URL, kernels: Kernels) throws {
    let files = BackboneFiles(directory: checkpoint)
    let architecture = try DecoderConfiguration.architecture(try files.json("config.json"))
    try self.init(panels: panels, architecture: architecture, kernels: kernels)
  }
}
