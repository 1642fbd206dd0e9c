import MoEBase

/// The ids that a post-processor puts around those of one text.
struct SpecialTokenTemplate: Sendable, Equatable {
  /// The ids that stand before those of the text.
  var prefix: [Int32] = []
  /// The ids that stand after those of the text.
  var suffix: [Int32] = []

  /// Puts nothing around a text.
  init() {}

  /// Reads a `TemplateProcessing`; the template for pairs of texts is passed over.
  init(_ processor: JSONReader, vocabularySize: Int) throws(JSONSchemaError) {
    var processor = processor
    _ = try processor.string("type")
    _ = processor.optional("pair")
    var special = try processor.object("special_tokens")
    var textCount = 0
    for var piece in try processor.objects("single") {
      if piece.keys == ["Sequence"] {
        var sequence = try piece.object("Sequence")
        let name = try sequence.string("id")
        guard name == "A" else {
          throw JSONSchemaError(
            path: sequence.path(of: "id"), expected: "`A`, the one text", got: quoted(name))
        }
        _ = try sequence.integer("type_id", in: 0...0)
        try sequence.finish()
        textCount += 1
      } else {
        var token = try piece.object("SpecialToken")
        var definition = try special.object(try token.string("id"))
        _ = try token.integer("type_id", in: 0...0)
        try token.finish()
        _ = definition.optional("id")
        _ = definition.optional("tokens")
        let ids = try definition.ids("ids", below: vocabularySize)
        try definition.finish()
        if textCount == 0 { prefix += ids } else { suffix += ids }
      }
      try piece.finish()
    }
    guard textCount == 1 else {
      throw JSONSchemaError(
        path: processor.path(of: "single"), expected: "the sequence `A` once",
        got: "\(textCount) of it")
    }
    try processor.finish()
  }
}

extension JSONReader {
  /// An array of token ids.
  fileprivate mutating func ids(
    _ key: String, below count: Int
  ) throws(JSONSchemaError) -> [Int32] {
    var ids: [Int32] = []
    for (index, value) in try array(key).enumerated() {
      guard case .integer(let number) = value, number >= 0, number < Int64(count) else {
        throw JSONSchemaError(
          path: "\(path(of: key))[\(index)]", expected: "an id from 0 to \(count - 1)",
          got: value.text)
      }
      ids.append(Int32(number))
    }
    return ids
  }
}
