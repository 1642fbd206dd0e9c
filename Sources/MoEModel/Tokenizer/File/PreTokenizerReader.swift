import MoEBase

/// Reads what a `tokenizer.json` says about splitting a text for a byte-pair model.
struct PreTokenizerReader {
  /// The steps, in order.
  private(set) var steps: [PieceSplitter.Step] = []
  /// Whether the pieces are spelled by ``ByteAlphabet`` at the end.
  private(set) var mapsBytes = false

  /// Reads a pre-tokenizer; `null` splits nothing.
  ///
  /// - Throws: `JSONSchemaError`, ``TokenizerError``.
  init(_ value: JSONValue?, path: String = "pre_tokenizer") throws {
    guard let value, value != .null else { return }
    try read(value, path: path)
  }

  private mutating func read(_ value: JSONValue, path: String) throws {
    var reader = try JSONReader(value, path: path)
    let type = try reader.string("type")
    guard !mapsBytes else {
      throw TokenizerError.unsupported(
        path: path, supported: "`ByteLevel` as the last of a `Sequence`",
        found: "\(quoted(type)) after it")
    }
    switch type {
    case "Sequence":
      for (index, part) in try reader.array("pretokenizers").enumerated() {
        try read(part, path: "\(reader.path(of: "pretokenizers"))[\(index)]")
      }
    case "ByteLevel":
      _ = reader.optional("trim_offsets")
      if try reader.boolean("add_prefix_space") { steps.append(.prependSpace) }
      if try reader.boolean("use_regex", otherwise: true) {
        steps.append(.split(.words, .isolated, inverted: false))
      }
      mapsBytes = true
    case "Split": steps.append(try split(&reader))
    case "Digits":
      let most = try reader.boolean("individual_digits") ? 1 : Int.max
      steps.append(.split(.run(of: .numeric, atMost: most), .isolated, inverted: false))
    case "Metaspace": try readMetaspace(&reader)
    default:
      throw TokenizerError.unsupported(
        path: reader.path(of: "type"),
        supported: "`ByteLevel`, `Split`, `Digits`, `Metaspace` or `Sequence` before `BPE`",
        found: quoted(type))
    }
    try reader.finish()
  }

  private func split(_ reader: inout JSONReader) throws -> PieceSplitter.Step {
    var pattern = try reader.object("pattern")
    let name = try reader.string("behavior")
    guard let behavior = SplitBehavior(rawValue: name) else {
      let known = SplitBehavior.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
      throw JSONSchemaError(
        path: reader.path(of: "behavior"), expected: "one of \(known)", got: quoted(name))
    }
    let inverted = try reader.boolean("invert")
    if pattern.keys != ["Regex"] {
      let text = try pattern.literal(supported: "`String` or `Regex`")
      return .split(.literal(text), behavior, inverted: inverted)
    }
    let expression = try pattern.string("Regex")
    let known = SplitPattern.expressions.first { $0.text.utf8.elementsEqual(expression.utf8) }
    guard let known else {
      throw TokenizerError.unsupported(
        path: pattern.path(of: "Regex"),
        supported: "the expressions of GPT-2, cl100k and Qwen2, and those of digits",
        found: quoted(expression))
    }
    return .split(known.pattern, behavior, inverted: inverted)
  }

  private mutating func readMetaspace(_ reader: inout JSONReader) throws {
    let replacement = try reader.scalar("replacement")
    _ = reader.optional("str_rep")
    var prefixing = PieceSplitter.Prefixing.always
    if let name = try reader.optionalString("prepend_scheme") {
      guard let scheme = PieceSplitter.Prefixing(rawValue: name) else {
        throw JSONSchemaError(
          path: reader.path(of: "prepend_scheme"), expected: "`always`, `first` or `never`",
          got: quoted(name))
      }
      prefixing = scheme
    }
    guard try reader.boolean("add_prefix_space", otherwise: true) || prefixing == .never else {
      throw JSONSchemaError(
        path: reader.path(of: "add_prefix_space"),
        expected: "what `prepend_scheme` says, which is not `never`", got: "false")
    }
    steps.append(.replaceSpaces(with: replacement, prefixing))
    if try reader.boolean("split", otherwise: true) {
      steps.append(.split(.literal(replacement), .mergedWithNext, inverted: false))
    }
  }
}

extension JSONReader {
  /// The bytes of a string of one scalar.
  mutating func scalar(_ key: String) throws(JSONSchemaError) -> [UInt8] {
    let text = try string(key)
    guard text.unicodeScalars.count == 1 else {
      throw JSONSchemaError(
        path: path(of: key), expected: "one character", got: quoted(text))
    }
    return Array(text.utf8)
  }
}
