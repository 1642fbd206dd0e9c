extension TemplateParser {
  /// An expression: `a if b else c` and whatever binds tighter.
  mutating func expression() throws(ChatTemplateError) -> TemplateExpression {
    try nested { parser throws(ChatTemplateError) in
      var value = try parser.disjunction()
      while parser.take(.name("if")) {
        let test = try parser.disjunction()
        let otherwise = parser.take(.name("else")) ? try parser.expression() : nil
        value = .condition(test, then: value, otherwise: otherwise)
      }
      return value
    }
  }

  /// `or`, and whatever binds tighter.
  mutating func disjunction() throws(ChatTemplateError) -> TemplateExpression {
    var left = try conjunction()
    while take(.name("or")) { left = .or(left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws(ChatTemplateError) -> TemplateExpression {
    var left = try negation()
    while take(.name("and")) { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws(ChatTemplateError) -> TemplateExpression {
    guard take(.name("not")) else { return try comparison() }
    return try nested { parser throws(ChatTemplateError) in .not(try parser.negation()) }
  }

  private static let comparisons = ["==", "!=", "<", "<=", ">", ">="]

  private mutating func comparison() throws(ChatTemplateError) -> TemplateExpression {
    let left = try sum()
    var parts: [(sign: String, right: TemplateExpression)] = []
    while true {
      if case .sign(let sign)? = current, Self.comparisons.contains(sign) {
        advance()
        parts.append((sign, try sum()))
      } else if take(.name("in")) {
        parts.append(("in", try sum()))
      } else if take(.name("not")) {
        try expect(.name("in"), "`in`")
        parts.append(("not in", try sum()))
      } else {
        return parts.isEmpty ? left : .comparison(left, parts)
      }
    }
  }

  private mutating func sum() throws(ChatTemplateError) -> TemplateExpression {
    var left = try concatenation()
    while case .sign(let sign)? = current, sign == "+" || sign == "-" {
      advance()
      left = .arithmetic(sign, left, try concatenation())
    }
    return left
  }

  private mutating func concatenation() throws(ChatTemplateError) -> TemplateExpression {
    var parts = [try product()]
    while take(.sign("~")) { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : .concatenation(parts)
  }

  private mutating func product() throws(ChatTemplateError) -> TemplateExpression {
    var left = try unary(withFilters: true)
    while case .sign(let sign)? = current, ["*", "/", "//", "%", "**"].contains(sign) {
      guard sign != "**" else { throw fault("the operator `**`") }
      advance()
      left = .arithmetic(sign, left, try unary(withFilters: true))
    }
    return left
  }

  private mutating func unary(
    withFilters: Bool
  ) throws(ChatTemplateError) -> TemplateExpression {
    try nested { parser throws(ChatTemplateError) in
      var value: TemplateExpression
      if parser.take(.sign("-")) {
        value = .negative(try parser.unary(withFilters: false))
      } else {
        value = try parser.primary()
      }
      value = try parser.postfix(value)
      return withFilters ? try parser.filters(value) : value
    }
  }

  private mutating func primary() throws(ChatTemplateError) -> TemplateExpression {
    guard let token = current else { throw fault("expected a value, got the end") }
    switch token {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .literal(.boolean(true))
      case "false", "False": return .literal(.boolean(false))
      case "none", "None": return .literal(.none)
      default: return .name(name)
      }
    case .text(var text):
      advance()
      while case .text(let more)? = current {
        text += more
        advance()
      }
      return .literal(.text(text))
    case .integer(let value):
      advance()
      return .literal(.integer(value))
    case .number(let value):
      advance()
      return .literal(.number(value))
    case .sign("("):
      // Lists stand for tuples, where no one can tell: as arguments, and after `in`.
      let canBeTuple = previous == .name("in") || previous == .sign("(")
      advance()
      let value = try expression()
      if current == .sign(",") {
        guard canBeTuple else { throw fault("a tuple that is no argument, and not after `in`") }
        return .list([value] + (try elements(after: ",", until: ")")))
      }
      try expect(.sign(")"), "`)`")
      return value
    case .sign("["):
      advance()
      return .list(try elements(after: nil, until: "]"))
    case .sign("{"):
      advance()
      return try dictionary()
    default: throw fault("expected a value, got \(shown)")
    }
  }

  private mutating func elements(
    after separator: String?, until end: String
  ) throws(ChatTemplateError) -> [TemplateExpression] {
    var values: [TemplateExpression] = []
    var needsSeparator = separator != nil
    while !take(.sign(end)) {
      if needsSeparator {
        try expect(.sign(","), "`,` or `\(end)`")
        if take(.sign(end)) { break }
      }
      values.append(try expression())
      needsSeparator = true
    }
    return values
  }

  private mutating func dictionary() throws(ChatTemplateError) -> TemplateExpression {
    var members: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !take(.sign("}")) {
      if !members.isEmpty {
        try expect(.sign(","), "`,` or `}`")
        if take(.sign("}")) { break }
      }
      let key = try expression()
      try expect(.sign(":"), "`:`")
      members.append((key, try expression()))
    }
    return .dictionary(members)
  }

  private mutating func postfix(
    _ value: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateExpression {
    var value = value
    while true {
      if take(.sign(".")) {
        if case .integer(let index)? = current {
          advance()
          value = .item(value, .literal(.integer(index)))
        } else {
          value = .attribute(value, try name())
        }
      } else if take(.sign("[")) {
        value = try subscript_(of: value)
      } else if current == .sign("(") {
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  private mutating func subscript_(
    of value: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateExpression {
    var parts: [TemplateExpression?] = [nil]
    while !take(.sign("]")) {
      if take(.sign(":")) {
        parts.append(nil)
      } else if parts[parts.count - 1] == nil {
        parts[parts.count - 1] = try expression()
      } else {
        throw fault("expected `]`, got \(shown)")
      }
    }
    if parts.count == 1, let index = parts[0] { return .item(value, index) }
    guard (2...3).contains(parts.count) else { throw fault("an index or slice of this form") }
    return .slice(value, parts)
  }

  /// Reads `(…)`.
  private mutating func arguments() throws(ChatTemplateError) -> TemplateArguments {
    var arguments = TemplateArguments()
    try expect(.sign("("), "`(`")
    var isFirst = true
    while !take(.sign(")")) {
      if !isFirst {
        try expect(.sign(","), "`,` or `)`")
        if take(.sign(")")) { break }
      }
      isFirst = false
      let value = try expression()
      if case .name(let name) = value, take(.sign("=")) {
        arguments.named.append((name, try expression()))
      } else if arguments.named.isEmpty {
        arguments.positional.append(value)
      } else {
        throw fault("an argument without a name after one with a name")
      }
    }
    return arguments
  }

  private mutating func filters(
    _ value: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateExpression {
    var value = value
    while true {
      if take(.sign("|")) {
        let name = try name()
        guard TemplateFilters.names.contains(name) else {
          throw fault("the filter \(quoted(name))")
        }
        let arguments = current == .sign("(") ? try arguments() : TemplateArguments()
        value = .filter(value, name, arguments)
      } else if take(.name("is")) {
        value = try test(of: value)
      } else if current == .sign("(") {
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  /// Words that are no argument of the test before them.
  private static let wordsAfterTests = ["else", "or", "and", "is", "if", "not", "in"]

  private mutating func test(
    of value: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateExpression {
    let isNegated = take(.name("not"))
    let name = try name()
    guard TemplateFilters.testNames.contains(name) else { throw fault("the test \(quoted(name))") }
    var arguments = TemplateArguments()
    switch current {
    case .sign("(")?: arguments = try self.arguments()
    case .name(let word)? where Self.wordsAfterTests.contains(word): break
    case .name?, .text?, .integer?, .number?, .sign("[")?, .sign("{")?:
      arguments.positional = [try postfix(try primary())]
    default: break
    }
    let test = TemplateExpression.test(value, name, arguments)
    return isNegated ? .not(test) : test
  }
}
