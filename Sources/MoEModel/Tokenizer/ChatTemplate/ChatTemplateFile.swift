import MoEBase

extension ChatTemplate {
  /// The name of the template that is used when none is asked for.
  public static let defaultName = "default"

  private static let tokenKeys = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// Reads the template of a checkpoint.
  ///
  /// `chat_template.jinja` goes before what `tokenizer_config.json` says, as in transformers. The special
  /// tokens that the configuration names are variables of the template.
  ///
  /// - Parameters:
  ///   - configuration: The bytes of `tokenizer_config.json`, if it is there.
  ///   - jinja: The bytes of `chat_template.jinja`, if it is there.
  ///   - name: Which template, where there are several.
  /// - Throws: ``ChatTemplateError``, when there is no such template or it is not understood.
  public init(
    configuration: [UInt8]?, jinja: [UInt8]? = nil, name: String = ChatTemplate.defaultName
  ) throws(ChatTemplateError) {
    var variables: [String: String] = [:]
    var sources: [(name: String, text: String)] = []
    if let configuration {
      let document: JSONValue
      do throws(JSONSyntaxError) { document = try JSONValue(parsing: configuration) } catch {
        throw .syntax(error)
      }
      do throws(JSONSchemaError) {
        variables = try Self.tokens(document)
        sources = try Self.sources(document)
      } catch { throw .schema(error) }
    }
    if let jinja { sources = [(Self.defaultName, String(decoding: jinja, as: UTF8.self))] }
    guard let source = sources.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw .missing(name: name, known: sources.map(\.name))
    }
    try self.init(source: source.text, variables: variables)
  }

  /// The special tokens, each a text or an object with its `content`.
  private static func tokens(
    _ document: JSONValue
  ) throws(JSONSchemaError) -> [String: String] {
    var reader = try JSONReader(document)
    var tokens: [String: String] = [:]
    for key in tokenKeys {
      switch reader.optional(key) {
      case nil, .null?: break
      case .object?:
        var token = try reader.object(key)
        tokens[key] = try token.string("content")
      default: tokens[key] = try reader.string(key)
      }
    }
    return tokens
  }

  /// The templates: one text, or a list of names and texts.
  private static func sources(
    _ document: JSONValue
  ) throws(JSONSchemaError) -> [(name: String, text: String)] {
    var reader = try JSONReader(document)
    switch reader.optional("chat_template") {
    case nil, .null?: return []
    case .array?:
      var sources: [(name: String, text: String)] = []
      for var entry in try reader.objects("chat_template") {
        sources.append((try entry.string("name"), try entry.string("template")))
        try entry.finish()
      }
      return sources
    default: return [(defaultName, try reader.string("chat_template"))]
    }
  }
}
