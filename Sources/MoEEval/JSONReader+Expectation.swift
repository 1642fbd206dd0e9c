public import MoEBase

extension JSONReader {
  /// Reads what a line says is right, beside its `text`.
  ///
  /// | kind | keys |
  /// |---|---|
  /// | `classify` | `label` |
  /// | `tag` | `labels`, a list of them, none twice; it may be empty |
  /// | `choose` | `choices`, 2 to 64 texts, none twice; `answer`, one of them |
  /// | `generate` | `answer`, or `answers`, 1 to 64 texts |
  /// | `perplexity` | none: the text is what is predicted |
  /// | any | `expect`, which is `none`, and nothing else |
  ///
  /// - Throws: `JSONSchemaError`.
  public mutating func expectation(of kind: TaskKind) throws(JSONSchemaError) -> Expectation {
    if let expect = try optionalString("expect") {
      let others = ["label", "labels", "choices", "answer", "answers"].filter {
        optional($0) != nil
      }
      guard expect == "none", others.isEmpty else {
        throw JSONSchemaError(
          path: path(of: kind == .classify ? "label" : others.first ?? "expect"),
          expected: (kind.hasLabels ? "a label" : "an answer")
            + ", or `expect` with the value `none`",
          got: others.isEmpty ? "neither" : "both")
      }
      return .none
    }
    switch kind {
    case .classify:
      guard let label = try optionalString("label") else {
        throw JSONSchemaError(
          path: path(of: "label"), expected: "a label, or `expect` with the value `none`",
          got: "neither")
      }
      return .label(label)
    case .tag: return .labels(try labels())
    case .choose: return try choice()
    case .generate:
      let answers =
        optional("answers") == nil ? [try string("answer")] : try strings("answers")
      guard (1...64).contains(answers.count), answers.allSatisfy({ !$0.isEmpty }) else {
        throw JSONSchemaError(
          path: path(of: "answers"), expected: "1 to 64 texts, none of them empty",
          got: "\(answers.count)")
      }
      return .completion(answers)
    case .perplexity: return .prediction
    }
  }

  private mutating func labels() throws(JSONSchemaError) -> [String] {
    guard optional("label") == nil else {
      throw JSONSchemaError(
        path: path(of: "label"), expected: "`labels`, a list, and nothing else", got: "`label`")
    }
    guard optional("labels") != nil else {
      throw JSONSchemaError(
        path: path(of: "labels"), expected: "a list of labels, or `expect` with the value `none`",
        got: "neither")
    }
    let labels = try strings("labels")
    var seen: Set<[UInt8]> = []
    for label in labels where !seen.insert(Array(label.utf8)).inserted {
      throw JSONSchemaError(
        path: path(of: "labels"), expected: "each label once", got: "`\(label.prefix(80))` twice")
    }
    return labels
  }

  private mutating func choice() throws(JSONSchemaError) -> Expectation {
    let choices = try strings("choices")
    guard (2...64).contains(choices.count), choices.allSatisfy({ !$0.isEmpty }),
      Set(choices.map { Array($0.utf8) }).count == choices.count
    else {
      throw JSONSchemaError(
        path: path(of: "choices"), expected: "2 to 64 texts, none empty, none twice",
        got: "\(choices.count) texts")
    }
    let answer = try string("answer")
    guard let place = choices.firstIndex(where: { $0.utf8.elementsEqual(answer.utf8) }) else {
      throw JSONSchemaError(
        path: path(of: "answer"), expected: "one of `choices`", got: "another text")
    }
    return .choice(choices, answer: place)
  }
}
