public import Foundation
public import MoEBase
public import MoETensor
import SafeTensors

/// A registered causal language model, loaded: its decoder and its tokenizer; immutable and shared.
public struct LanguageModel: Sendable {
  /// The name commands use.
  public let name: String
  /// The digest that names it.
  public let digest: Digest
  /// Text to token ids and back.
  public let tokenizer: Tokenizer
  /// The transformer.
  public let decoder: Decoder
  /// The tokens that end a continuation, by `generation_config.json` or `config.json`.
  public let endTokens: Set<Int32>
  /// Its small files.
  public let files: BackboneFiles

  /// Loads a registered language model; its panels are mapped, and not hashed again.
  ///
  /// - Throws: ``BackboneError``, `TokenizerError` or `SafeTensorsError`.
  public init(_ entry: BackboneRegistry.Entry, kernels: Kernels) throws {
    name = entry.known.name
    digest = entry.known.digest
    files = entry.files
    let architecture = try DecoderConfiguration.architecture(try files.json("config.json"))
    tokenizer = try Self.tokenizer(files, architecture: architecture)
    endTokens = try Self.endTokens(files, architecture: architecture)
    decoder = try Decoder(
      panels: files.url(PanelFile.name), architecture: architecture, kernels: kernels)
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
      FileManager.default.fileExists(atPath: files.url(name).path) ? try files.bytes(name) : nil
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

  private static func tokenizer(
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
