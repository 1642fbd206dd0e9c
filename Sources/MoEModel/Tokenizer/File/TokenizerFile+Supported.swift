import MoEBase

extension TokenizerFile {
  /// A place in the file where only some values are implemented.
  private struct Choice {
    var path: [String]
    var values: [JSONValue]
    var isOptional = false
  }

  private static let choices = [
    Choice(path: ["version"], values: ["1.0"]),
    Choice(
      path: ["truncation", "strategy"], values: ["LongestFirst", "OnlyFirst"], isOptional: true),
    Choice(path: ["truncation", "direction"], values: ["Right"], isOptional: true),
  ]

  private static let wordPieceChoices = [
    Choice(path: ["normalizer", "type"], values: ["BertNormalizer"]),
    Choice(path: ["pre_tokenizer", "type"], values: ["BertPreTokenizer"]),
    Choice(path: ["model", "type"], values: ["WordPiece", "BPE"]),
    Choice(path: ["post_processor", "type"], values: ["TemplateProcessing"]),
  ]

  /// Refuses a document that asks for other kinds of parts than the ones implemented, before its details
  /// are read; those of a byte-pair tokenizer are refused where they are read.
  static func refuseUnsupported(_ document: JSONValue) throws(TokenizerError) {
    let isBytePair = document.value(at: ["model", "type"]) == "BPE"
    for choice in isBytePair ? choices : wordPieceChoices + choices {
      guard let found = document.value(at: choice.path) else {
        if choice.isOptional { continue }
        throw .unsupported(
          path: choice.path.joined(separator: "."), supported: sentence(choice.values),
          found: "nothing")
      }
      guard choice.values.contains(found) else {
        throw .unsupported(
          path: choice.path.joined(separator: "."), supported: sentence(choice.values),
          found: sentence([found]))
      }
    }
    guard !isBytePair, case .array(let tokens)? = document["added_tokens"] else { return }
    for (index, token) in tokens.enumerated() {
      for key in ["normalized", "single_word"] where token[key] == .boolean(true) {
        throw .unsupported(
          path: "added_tokens[\(index)].\(key)", supported: "`false`", found: "`true`")
      }
    }
  }

  private static func sentence(_ values: [JSONValue]) -> String {
    values.map { value in
      guard case .string(let text) = value else { return value.kind }
      return "`\(JSONValue.string(String(text.prefix(60))).text.dropFirst().dropLast())`"
    }.joined(separator: " or ")
  }
}

extension JSONValue {
  /// The value under nested keys, if all of them are there.
  fileprivate func value(at path: [String]) -> JSONValue? {
    path.reduce(Optional(self)) { value, key in value?[key] }
  }
}
