extension TemplateInterpreter {
  /// A value as JSON, as transformers' `tojson` writes it: Python's `json.dumps` without escaping what is
  /// not ASCII, unless asked.
  mutating func json(
    _ value: TemplateValue, _ arguments: Arguments
  ) throws(ChatTemplateError) -> TemplateText {
    try arguments.check(["ensure_ascii", "indent"], "tojson", self)
    let escapesAll = arguments["ensure_ascii", 0]?.isTrue ?? false
    var indent: Int?
    switch arguments["indent", 1] {
    case nil, .some(.none): break
    case .some(let given):
      guard let number = given.wholeNumber, (0...16).contains(number) else {
        throw .unsupported(line: line, what: "`tojson` with an `indent` other than 0 to 16")
      }
      indent = number
    }
    var text = TemplateText()
    try write(value, indent, escapesAll, depth: 0, into: &text)
    try count(text)
    return text
  }

  private func write(
    _ value: TemplateValue, _ indent: Int?, _ escapesAll: Bool, depth: Int,
    into text: inout TemplateText
  ) throws(ChatTemplateError) {
    guard depth < TemplateParser.depthLimit else { throw fault("a value nested too deep for JSON") }
    func newLine(_ depth: Int) {
      guard let indent else { return }
      text.append(TemplateText("\n" + String(repeating: " ", count: indent * depth)))
    }
    func separate(_ index: Int) {
      if index > 0 { text.append(TemplateText(indent == nil ? ", " : ",")) }
      newLine(depth + 1)
    }
    switch value {
    case .none: text.append(TemplateText("null"))
    case .boolean(let value): text.append(TemplateText(value ? "true" : "false"))
    case .integer, .number: text.append(try shown(value))
    case .text(let value): Self.write(value, escapesAll, into: &text)
    case .list(let elements):
      text.append(TemplateText("["))
      for (index, element) in elements.enumerated() {
        separate(index)
        try write(element, indent, escapesAll, depth: depth + 1, into: &text)
      }
      if !elements.isEmpty { newLine(depth) }
      text.append(TemplateText("]"))
    case .dictionary(let members):
      text.append(TemplateText("{"))
      for (index, member) in members.enumerated() {
        separate(index)
        Self.write(member.key, escapesAll, into: &text)
        text.append(TemplateText(": "))
        try write(member.value, indent, escapesAll, depth: depth + 1, into: &text)
      }
      if !members.isEmpty { newLine(depth) }
      text.append(TemplateText("}"))
    default: throw fault("expected a value that JSON has, got \(value.kind)")
    }
  }

  private static let escapes: [UInt32: String] = [
    0x22: "\\\"", 0x5C: "\\\\", 0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r",
  ]

  private static func write(
    _ value: TemplateText, _ escapesAll: Bool, into text: inout TemplateText
  ) {
    text.append(TemplateText("\""))
    for index in 0..<value.count {
      let scalar = value[index]
      if let escape = escapes[scalar] {
        for unit in escape.unicodeScalars { text.append(unit.value, markedLike: index, of: value) }
      } else if scalar < 0x20 || escapesAll && scalar > 0x7E {
        let units =
          scalar < 0x10000 ? [scalar] : [0xD7C0 + (scalar >> 10), 0xDC00 + (scalar & 0x3FF)]
        for unit in units {
          let digits = String(unit, radix: 16)
          let escape = "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
          for unit in escape.unicodeScalars {
            text.append(unit.value, markedLike: index, of: value)
          }
        }
      } else {
        text.append(scalar, markedLike: index, of: value)
      }
    }
    text.append(TemplateText("\""))
  }
}
