import MoEBase

/// A `tokenizer.json` that was read, by its kind of model.
enum TokenizerDocument {
  case wordPiece(TokenizerFile, [DecodingStep])
  case bytePair(BytePairFile, [DecodingStep])

  /// Reads a file.
  ///
  /// - Throws: `JSONSyntaxError`, `JSONSchemaError`, ``TokenizerError``.
  init(_ json: [UInt8]) throws {
    if let file = try Self.bytePair(json) {
      self = file
      return
    }
    let document = try JSONValue(parsing: json)
    try TokenizerFile.refuseUnsupported(document)
    self = .wordPiece(
      try TokenizerFile(document), try DecodingStep.steps(document["decoder"]))
  }

  /// Reads a byte-pair tokenizer, its vocabulary and merges apart from the rest; `nil` when the file is of
  /// another kind, or its rest is malformed, which a strict reader of the whole will say.
  private static func bytePair(_ json: [UInt8]) throws -> TokenizerDocument? {
    try json.withUnsafeBufferPointer { bytes in
      guard let skimmer = JSONSkimmer(bytes, keys: ["vocab", "merges"]),
        let document = try? JSONValue(parsing: skimmer.rest()),
        document["model"]?["type"] == "BPE"
      else { return nil }
      try TokenizerFile.refuseUnsupported(document)
      for key in ["vocab", "merges"] where skimmer.ranges[key] == nil {
        throw JSONSchemaError(path: "model.\(key)", expected: "a value", got: "nothing")
      }
      do {
        let vocabulary = try VocabularyReader.vocabulary(
          bytes.part(skimmer.ranges["vocab"] ?? 0..<0))
        let merges = try VocabularyReader.merges(
          bytes.part(skimmer.ranges["merges"] ?? 0..<0), vocabulary: vocabulary)
        return .bytePair(
          try BytePairFile(document, vocabulary: vocabulary, merges: merges),
          try DecodingStep.steps(document["decoder"]))
      } catch is VocabularyReader.Malformed {
        _ = try JSONValue(parsing: json)
        throw JSONSchemaError(
          path: "model", expected: "tokens and merges that a JSON reader takes", got: "others")
      } catch let error as JSONSyntaxError {
        _ = try JSONValue(parsing: json)
        throw error
      }
    }
  }
}

extension TokenizerError {
  /// The error of reading a file, from any of its layers.
  static func reading(_ error: any Error) -> TokenizerError {
    switch error {
    case let error as TokenizerError: error
    case let error as JSONSyntaxError: .syntax(error)
    case let error as JSONSchemaError: .schema(error)
    default: .unsupported(path: "model", supported: "a tokenizer", found: "\(error)")
    }
  }
}
