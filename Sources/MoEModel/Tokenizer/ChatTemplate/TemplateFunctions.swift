extension TemplateInterpreter {
  /// The functions of the environment.
  static let functions: Set<String> = [
    "raise_exception", "strftime_now", "range", "namespace", "dict",
  ]
  /// The methods of texts.
  static let textMethods: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper",
    "lower", "title", "capitalize", "replace", "find", "count", "join", "removeprefix",
    "removesuffix",
  ]
  /// The methods of mappings.
  static let dictionaryMethods: Set<String> = ["items", "keys", "values", "get"]

  /// Calls a function or a macro.
  mutating func call(
    _ name: String, _ positional: [TemplateValue], _ named: [String: TemplateValue]
  ) throws(ChatTemplateError) -> TemplateValue {
    if let macro = macros[name] { return try call(macro, positional, named) }
    let arguments = Arguments(positional: positional, named: named)
    switch name {
    case "raise_exception":
      try arguments.check(["message"], name, self)
      throw .raised(message: try shown(arguments["message", 0] ?? .text("")).string)
    case "strftime_now":
      try arguments.check(["format"], name, self)
      guard let date else {
        throw .unsupported(line: line, what: "`strftime_now` without a date from the caller")
      }
      let format = try text(arguments["format", 0] ?? .none, of: "a format").string
      guard let text = date.formatted(format) else {
        throw .unsupported(line: line, what: "the date format \(quoted(format))")
      }
      return .text(text)
    case "range": return .list(try range(arguments))
    default:  // namespace, dict
      guard positional.isEmpty else {
        throw .unsupported(line: line, what: "arguments without names of `\(name)`")
      }
      if name == "namespace" { return .namespace(TemplateNamespace(named)) }
      return .dictionary(
        named.sorted { $0.key < $1.key }.map {
          TemplateMember(key: TemplateText($0.key), value: $0.value)
        })
    }
  }

  private mutating func range(_ arguments: Arguments) throws(ChatTemplateError) -> [TemplateValue] {
    var bounds: [Int] = []
    for value in arguments.positional {
      guard let number = value.wholeNumber else {
        throw fault("expected whole numbers in `range`, got \(value.kind)")
      }
      bounds.append(number)
    }
    guard (1...3).contains(bounds.count), arguments.named.isEmpty,
      bounds.last != 0 || bounds.count < 3
    else { throw fault("expected one to three numbers in `range`, the third not 0") }
    let start = bounds.count > 1 ? bounds[0] : 0
    var values: [TemplateValue] = []
    for number in stride(
      from: start, to: bounds.count > 1 ? bounds[1] : bounds[0],
      by: bounds.count > 2 ? bounds[2] : 1)
    {
      try step()
      values.append(.integer(number))
    }
    return values
  }

  /// Calls a method of a value.
  mutating func method(
    _ name: String, of value: TemplateValue, _ positional: [TemplateValue],
    _ named: [String: TemplateValue]
  ) throws(ChatTemplateError) -> TemplateValue {
    guard named.isEmpty else {
      throw .unsupported(line: line, what: "a named argument of `\(name)`")
    }
    switch value {
    case .text(let text):
      let result = try method(name, of: text, positional)
      if case .text(let made) = result { try count(made) }
      return result
    case .dictionary(let members):
      switch (name, positional.count) {
      case ("items", 0): return .list(members.map { .list([.text($0.key), $0.value]) })
      case ("keys", 0): return .list(members.map { .text($0.key) })
      case ("values", 0): return .list(members.map(\.value))
      case ("get", 1...2):
        let found = members.value(try text(positional[0], of: "a key"))
        return found ?? (positional.count > 1 ? positional[1] : .none)
      default: throw fault("expected other arguments of `\(name)`")
      }
    default: throw fault("\(value.kind) has no method \(quoted(name))")
    }
  }

  private mutating func method(
    _ name: String, of subject: TemplateText, _ arguments: [TemplateValue]
  ) throws(ChatTemplateError) -> TemplateValue {
    func argument(_ place: Int) throws(ChatTemplateError) -> TemplateText {
      guard place < arguments.count else { throw fault("expected more arguments of `\(name)`") }
      return try text(arguments[place], of: "an argument of `\(name)`")
    }
    func count(_ place: Int) throws(ChatTemplateError) -> Int {
      guard place < arguments.count else { return .max }
      guard let number = arguments[place].wholeNumber else {
        throw fault("expected a whole number in `\(name)`, got \(arguments[place].kind)")
      }
      return number < 0 ? .max : number
    }
    func separator() throws(ChatTemplateError) -> TemplateText? {
      guard let first = arguments.first else { return nil }
      if case .none = first { return nil }
      let text = try argument(0)
      guard !text.isEmpty else { throw fault("an empty separator") }
      return text
    }
    let most = ["replace": 3, "split": 2, "rsplit": 2, "strip": 1, "lstrip": 1, "rstrip": 1]
    let one = ["startswith", "endswith", "find", "count", "join", "removeprefix", "removesuffix"]
    guard arguments.count <= most[name] ?? (one.contains(name) ? 1 : 0) else {
      throw .unsupported(line: line, what: "these arguments of `\(name)`")
    }
    switch name {
    case "strip", "lstrip", "rstrip":
      let (left, right) = (name != "rstrip", name != "lstrip")
      guard let given = arguments.first else {
        return .text(subject.stripped(left: left, right: right))
      }
      if case .none = given { return .text(subject.stripped(left: left, right: right)) }
      let set = try argument(0)
      let scalars = Set((0..<set.count).map { set[$0] })
      return .text(subject.stripped(left: left, right: right) { scalars.contains($0) })
    case "split":
      if let separator = try separator() {
        return .list(subject.split(separator, atMost: try count(1)).map { .text($0) })
      }
      guard arguments.count < 2 else {
        throw .unsupported(line: line, what: "`split` at white space with a limit")
      }
      return .list(Self.words(subject).map { .text($0) })
    case "rsplit":
      guard let separator = try separator() else {
        throw .unsupported(line: line, what: "`rsplit` at white space")
      }
      let turned = TemplateText(units: subject.units.reversed())
      let parts = turned.split(
        TemplateText(units: separator.units.reversed()), atMost: try count(1))
      return .list(parts.reversed().map { .text(TemplateText(units: $0.units.reversed())) })
    case "splitlines": return .list(Self.lines(subject).map { .text($0) })
    case "startswith", "endswith":
      guard let first = arguments.first else { throw fault("expected an argument of `\(name)`") }
      var affixes = [first]
      if case .list(let elements) = first { affixes = elements }
      for affix in affixes {
        let text = try text(affix, of: "an argument of `\(name)`")
        if subject.holds(text, at: name == "startswith" ? 0 : subject.count - text.count) {
          return .boolean(true)
        }
      }
      return .boolean(false)
    case "removeprefix":
      let affix = try argument(0)
      return .text(subject.holds(affix, at: 0) ? subject[affix.count..<subject.count] : subject)
    case "removesuffix":
      let affix = try argument(0)
      let place = subject.count - affix.count
      return .text(subject.holds(affix, at: place) ? subject[0..<place] : subject)
    case "replace":
      let (old, new) = (try argument(0), try argument(1))
      guard !old.isEmpty else { throw .unsupported(line: line, what: "`replace` of an empty text") }
      return .text(TemplateText.joined(subject.split(old, atMost: try count(2)), separator: new))
    case "find": return .integer(subject.firstIndex(of: try argument(0)) ?? -1)
    case "count":
      let part = try argument(0)
      return .integer(
        part.isEmpty ? subject.count + 1 : subject.split(part, atMost: .max).count - 1)
    case "join":
      guard let first = arguments.first else { throw fault("expected an argument of `join`") }
      var parts: [TemplateText] = []
      for element in try elements(of: first) { parts.append(try text(element, of: "a part")) }
      return .text(TemplateText.joined(parts, separator: subject))
    case "title": return .text(try Self.titled(subject, breakingAt: nil, self))
    case "capitalize":
      return .text(
        try Self.cased(subject, self) { index, scalar in
          index == 0 ? Self.upper(scalar) : Self.lower(scalar)
        })
    case "upper": return .text(try Self.cased(subject, self) { Self.upper($1) })
    default: return .text(try Self.cased(subject, self) { Self.lower($1) })
    }
  }

  private static func words(_ text: TemplateText) -> [TemplateText] {
    var words: [TemplateText] = []
    var start = 0
    for index in 0...text.count where index == text.count || TemplateText.isSpace(text[index]) {
      if start < index { words.append(text[start..<index]) }
      start = index + 1
    }
    return words
  }

  private static let lineEnds: Set<UInt32> = [
    0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029,
  ]

  private static func lines(_ text: TemplateText) -> [TemplateText] {
    var lines: [TemplateText] = []
    var start = 0
    var index = 0
    while index < text.count {
      defer { index += 1 }
      guard lineEnds.contains(text[index]) else { continue }
      lines.append(text[start..<index])
      if text[index] == 0x0D, index + 1 < text.count, text[index + 1] == 0x0A { index += 1 }
      start = index + 1
    }
    return start < text.count ? lines + [text[start..<text.count]] : lines
  }

  private static func isLetter(_ scalar: UInt32) -> Bool { (0x61...0x7A).contains(scalar | 0x20) }
  private static func upper(_ scalar: UInt32) -> UInt32 {
    (0x61...0x7A).contains(scalar) ? scalar - 0x20 : scalar
  }
  private static func lower(_ scalar: UInt32) -> UInt32 {
    (0x41...0x5A).contains(scalar) ? scalar + 0x20 : scalar
  }

  /// Changes the case of ASCII letters; beyond ASCII that is a matter of Unicode's version, and refused.
  private static func cased(
    _ text: TemplateText, _ interpreter: TemplateInterpreter, _ change: (Int, UInt32) -> UInt32
  ) throws(ChatTemplateError) -> TemplateText {
    var output = TemplateText()
    for index in 0..<text.count {
      guard text[index] < 0x80 else {
        throw .unsupported(
          line: interpreter.line, what: "a change of case of a text that is not ASCII")
      }
      output.append(change(index, text[index]), markedLike: index, of: text)
    }
    return output
  }

  /// Words in lower case but for their first letters; words end at what is no letter, or at these
  /// characters.
  static func titled(
    _ text: TemplateText, breakingAt breaks: String?, _ interpreter: TemplateInterpreter
  ) throws(ChatTemplateError) -> TemplateText {
    let scalars = breaks.map { Set($0.unicodeScalars.map(\.value)) }
    return try cased(text, interpreter) { index, scalar in
      let before = index > 0 ? text[index - 1] : 0x20
      let isFirst = index == 0 || (scalars?.contains(before) ?? !isLetter(before))
      return isFirst ? upper(scalar) : lower(scalar)
    }
  }
}
