public import Foundation
public import MoEBase

/// A backbone that this program knows by name: its files, each pinned by its digest.
public struct KnownBackbone: Sendable {
  /// The name that `pack.yaml` uses.
  public let name: String
  /// Where the files come from, for people.
  public let source: String
  /// The licence of the weights, an SPDX identifier.
  public let license: String
  /// Digest of every file that the backbone's digest covers, keyed by its path in the directory.
  public let files: [String: Digest]
  /// The digest of its profile, version 1, made from Debian's `wordnet-base` 3.0.
  public let profileDigest: Digest?

  /// Whether it is an encoder or a causal language model.
  public let kind: Kind

  /// The kinds of backbones.
  public enum Kind: String, Sendable {
    /// Texts become embeddings and labels.
    case encoder
    /// Prompts are continued.
    case decoder
  }

  /// The digest that names the backbone.
  public var digest: Digest { Digest(fileSet: files) }
  /// The digest of its tokenizer.
  public var tokenizerDigest: Digest { files["tokenizer.json"] ?? digest }

  /// Every backbone known by name.
  public static let all: [KnownBackbone] = [miniLM]

  /// sentence-transformers/all-MiniLM-L6-v2.
  public static let miniLM = KnownBackbone(
    name: "minilm-l6", source: "sentence-transformers/all-MiniLM-L6-v2", license: "Apache-2.0",
    files: pinned([
      "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
      "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
      "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
      "sentence_bert_config.json":
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
      "1_Pooling/config.json":
        "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    ]),
    profileDigest: Digest(
      hex: "dccff11b997f442b344ab390aec188130690d8f03676c20f6bfe1c107c8ddc2e"),
    kind: .encoder)

  private static func pinned(_ files: [String: String]) -> [String: Digest] {
    files.compactMapValues { Digest(hex: $0) }
  }
}

/// The files of one backbone in a directory.
public struct BackboneFiles: Sendable {
  /// The directory.
  public let directory: URL

  /// The files that a backbone's digest covers, whatever else lies beside them.
  public static let covered = [
    "config.json", "model.safetensors", "tokenizer.json", "sentence_bert_config.json",
    "1_Pooling/config.json",
  ]

  /// Names a directory; nothing is read.
  public init(directory: URL) {
    self.directory = directory
  }

  /// Where a file lies.
  public func url(_ name: String) -> URL { directory.appending(path: name) }

  /// Reads the whole of a small file.
  ///
  /// - Throws: ``BackboneError``.
  public func bytes(_ name: String) throws -> [UInt8] {
    let file = url(name)
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw BackboneError.missingFile(name: name, directory: directory.path)
    }
    do {
      return Array(try Data(contentsOf: file))
    } catch {
      throw BackboneError.unreadable(path: file.path, reason: error.localizedDescription)
    }
  }

  /// Reads a file as JSON.
  ///
  /// - Throws: ``BackboneError``.
  public func json(_ name: String) throws -> JSONValue {
    do {
      return try JSONValue(parsing: try bytes(name))
    } catch let error as JSONSyntaxError {
      throw BackboneError.badConfiguration(
        file: name, path: "byte \(error.offset)", expected: "JSON", got: error.reason)
    }
  }

  /// The files that a language model's digest covers where they are there, beside its weight files.
  static let decoderFiles = [
    "config.json", "tokenizer.json", "generation_config.json", "tokenizer_config.json",
    "special_tokens_map.json", "chat_template.jinja", Checkpoint.indexFile,
  ]

  /// Computes the digest of every one of these files.
  ///
  /// - Throws: ``BackboneError``.
  public func digests(of names: [String] = Self.covered) throws -> [String: Digest] {
    var result: [String: Digest] = [:]
    for name in names {
      let file = url(name)
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw BackboneError.missingFile(name: name, directory: directory.path)
      }
      do {
        result[name] = try Digest(file: file)
      } catch {
        throw BackboneError.unreadable(path: file.path, reason: error.localizedDescription)
      }
    }
    return result
  }
}
