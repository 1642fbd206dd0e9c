import HTTPTypes
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoETensor

/// The body of `/v1/predict`, `/v1/route` and `/v1/analyze`: texts, and which packs may answer them.
struct TextBody {
  /// The texts, in order.
  let texts: [String]
  /// Whether they came as a list.
  let isList: Bool
  /// Which labels to tell.
  let labels: LabelSelection
  /// What the caller may use, narrowed by what the request asks for.
  let entitlements: Entitlements
  /// How the mixture is to answer.
  let options: AnswerOptions

  /// Reads a body.
  ///
  /// - Throws: ``APIError`` or `JSONSchemaError`, naming the member.
  init(_ scope: RequestScope) throws {
    let limits = scope.service.options.limits
    var reader = try scope.reader()
    (texts, isList) = try Self.texts(&reader, limits: limits)
    labels =
      reader.optional("all") != nil ? (try reader.boolean("all") ? .all : .best(3)) : .best(3)
    entitlements = try Self.entitlements(&reader, scope)
    var options = AnswerOptions(permitted: entitlements.permitted)
    if let name = try reader.optionalString("pack") {
      guard let pack = entitlements.pack(named: name) else {
        throw APIError.noModel(name, param: "pack")
      }
      options.pack = pack.identity
    }
    if reader.optional("forced") != nil { options.isForced = try reader.boolean("forced") }
    if options.isForced, entitlements.packs.isEmpty {
      throw APIError(
        .notFound, "nothing-installed", "no pack is there to force an answer from",
        hint: "nothing was done; `GET /v1/models` lists what this key may use", param: "forced")
    }
    if reader.optional("top_k") != nil {
      options.topK = try reader.integer("top_k", in: 1...limits.topK)
    }
    if reader.optional("threshold") != nil {
      let threshold = try reader.number("threshold")
      guard threshold > 0, threshold < 1 else {
        throw APIError.invalid(
          "threshold", expected: "a number over 0 and under 1", got: "\(threshold)")
      }
      options.shift = Dispatcher(threshold: threshold).shift
    }
    try reader.finish()
    self.options = options
    scope.audit.masked(entitlements)
  }

  private static func texts(
    _ reader: inout JSONReader, limits: ServerLimits
  ) throws -> (texts: [String], isList: Bool) {
    let texts: [String]
    let isList: Bool
    switch (reader.optional("text"), reader.optional("texts")) {
    case (nil, nil):
      throw APIError.invalid("text", expected: "a text, or a list of `texts`", got: "nothing")
    case (.some, .some):
      throw APIError.invalid("text", expected: "either `text` or `texts`", got: "both")
    case (.some, nil): (texts, isList) = ([try reader.string("text")], false)
    case (nil, .some): (texts, isList) = (try reader.strings("texts"), true)
    }
    guard (1...limits.textCount).contains(texts.count) else {
      throw APIError.invalid(
        "texts", expected: "1 to \(limits.textCount) texts", got: "\(texts.count)")
    }
    if let index = texts.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw APIError.invalid(
        isList ? "texts[\(index)]" : "text",
        expected: "at least one character that is not white space",
        got: texts[index].isEmpty ? "an empty text" : "white space")
    }
    return (texts, isList)
  }

  /// What the caller may use, less what `packs` and `context` leave out.
  static func entitlements(
    _ reader: inout JSONReader, _ scope: RequestScope
  ) throws -> Entitlements {
    var narrowing = AccessRule.everything
    if reader.optional("context") != nil {
      var context = try reader.object("context")
      if let region = try context.optionalString("region") { narrowing.regions = [region] }
      if let language = try context.optionalString("language") { narrowing.languages = [language] }
      try context.finish()
    }
    if reader.optional("packs") != nil {
      narrowing.packs = try reader.strings("packs")
      let own = scope.caller.view(of: scope.live)
      for (index, name) in narrowing.packs.enumerated() {
        // A pack one may not use looks like one that is not there.
        let isThere =
          AccessRule.isPattern(name)
          && (name.contains("*") || own.pack(named: name) != nil)
        guard isThere else { throw APIError.noModel(name, param: "packs[\(index)]") }
      }
    }
    return scope.caller.view(of: scope.live, narrowing: narrowing)
  }

  /// The texts as tokens, held to the limit of a request.
  ///
  /// - Throws: ``APIError``, 413.
  static func encodings(
    of texts: [String], on live: LiveComposition, limits: ServerLimits
  ) throws(APIError) -> [Encoding] {
    let tokenizer = live.composition.backbone.tokenizer
    var encodings: [Encoding] = []
    encodings.reserveCapacity(texts.count)
    var count = 0
    for text in texts {
      let encoding = tokenizer.encode(text)
      count += encoding.ids.count
      guard count <= limits.requestTokens || encodings.isEmpty else {
        throw APIError(
          .contentTooLarge, "too-many-tokens",
          "the request's texts have more than \(limits.requestTokens) tokens",
          hint: "nothing was done; send fewer texts at a time")
      }
      encodings.append(encoding)
    }
    return encodings
  }
}
