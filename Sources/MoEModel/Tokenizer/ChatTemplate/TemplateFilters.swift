/// The filters and tests that are understood.
enum TemplateFilters {
  /// The names of the filters.
  static let names: Set<String> = [
    "trim", "tojson", "length", "count", "upper", "lower", "capitalize", "title", "string", "int",
    "list", "first", "last", "join", "replace", "default", "d", "items", "map", "select", "reject",
    "selectattr", "rejectattr", "reverse", "safe",
  ]

  /// The names of the tests.
  static let testNames: Set<String> = [
    "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number",
    "integer", "float", "boolean", "true", "false", "even", "odd", "equalto", "eq", "ne", "in",
  ]
}

extension TemplateInterpreter {
  /// The value of a filter.
  mutating func filter(
    _ value: TemplateValue, _ name: String, _ positional: [TemplateValue],
    _ named: [String: TemplateValue]
  ) throws(ChatTemplateError) -> TemplateValue {
    let arguments = Arguments(positional: positional, named: named)
    switch name {
    case "map", "select", "reject", "selectattr", "rejectattr":
      return try select(value, name, positional, named)
    case "tojson":
      return .text(try json(value, arguments))
    case "default", "d":
      try arguments.check(["default_value", "boolean"], name, self)
      let counts = arguments["boolean", 1]?.isTrue ?? false
      if case .undefined = value { return arguments["default_value", 0] ?? .text("") }
      return counts && !value.isTrue ? arguments["default_value", 0] ?? .text("") : value
    case "join":
      try arguments.check(["d"], name, self)
      var parts: [TemplateText] = []
      for element in try elements(of: value) { parts.append(try shown(element)) }
      let text = TemplateText.joined(
        parts, separator: try shown(arguments["d", 0] ?? .text("")))
      try count(text)
      return .text(text)
    case "replace":
      return try method("replace", of: .text(try shown(value)), positional, named)
    case "trim":
      try arguments.check(["chars"], name, self)
      return try method(
        "strip", of: .text(try shown(value)), arguments["chars", 0].map { [$0] } ?? [], [:])
    case "upper", "lower", "capitalize":
      try arguments.check([], name, self)
      return try method(name, of: .text(try shown(value)), [], [:])
    case "title":
      try arguments.check([], name, self)
      return .text(try Self.titled(try shown(value), breakingAt: "-([{< \t\n\r", self))
    default: break
    }
    try arguments.check([], name, self)
    switch name {
    case "length", "count": return .integer(try length(of: value))
    case "string", "safe": return .text(try shown(value))
    case "list": return .list(try elements(of: value))
    case "first": return try elements(of: value).first ?? .undefined("first")
    case "last": return try elements(of: value).last ?? .undefined("last")
    case "reverse":
      if case .text(let text) = value { return .text(TemplateText(units: text.units.reversed())) }
      return .list(try elements(of: value).reversed())
    case "items":
      if case .undefined = value { return .list([]) }
      return try method("items", of: value, [], [:])
    default:  // int
      if let number = value.wholeNumber { return .integer(number) }
      if let number = value.floatingPoint, let whole = Int(exactly: number.rounded(.towardZero)) {
        return .integer(whole)
      }
      if case .text(let text) = value { return .integer(Int(text.stripped().string) ?? 0) }
      return .integer(0)
    }
  }

  /// `map(attribute=…)`, and what keeps the elements that pass a test.
  private mutating func select(
    _ value: TemplateValue, _ name: String, _ positional: [TemplateValue],
    _ named: [String: TemplateValue]
  ) throws(ChatTemplateError) -> TemplateValue {
    var rest = positional[...]
    var path: TemplateText?
    if name == "map" {
      guard rest.isEmpty, Set(named.keys) == ["attribute"], let attribute = named["attribute"]
      else {
        throw .unsupported(line: line, what: "`map` without `attribute` alone")
      }
      path = try text(attribute, of: "an attribute")
    } else {
      guard named.isEmpty else {
        throw .unsupported(line: line, what: "a named argument of `\(name)`")
      }
      if name.hasSuffix("attr") {
        guard let first = rest.popFirst() else { throw fault("expected an attribute in `\(name)`") }
        path = try text(first, of: "an attribute")
      }
    }
    var test: String?
    if let given = rest.popFirst() { test = try text(given, of: "a test").string }
    if let test, !TemplateFilters.testNames.contains(test) {
      throw .unsupported(line: line, what: "the test \(quoted(test))")
    }
    var kept: [TemplateValue] = []
    for element in try elements(of: value) {
      try step()
      var subject = element
      if let path {
        guard case .dictionary(let members) = element, path.firstIndex(of: TemplateText(".")) == nil
        else { throw fault("expected mappings in `\(name)`, got \(element.kind)") }
        subject = members.value(path) ?? .undefined(path.string)
      }
      if name == "map" {
        kept.append(subject)
      } else {
        var passes = subject.isTrue
        if let test { passes = try self.test(subject, test, Array(rest)) }
        if passes == name.hasPrefix("select") { kept.append(element) }
      }
    }
    return .list(kept)
  }

  /// Whether a test holds.
  mutating func test(
    _ value: TemplateValue, _ name: String, _ arguments: [TemplateValue]
  ) throws(ChatTemplateError) -> Bool {
    if ["equalto", "eq", "ne", "in"].contains(name) {
      guard arguments.count == 1 else { throw fault("expected one argument of the test `\(name)`") }
      return try compare(name == "ne" ? "!=" : name == "in" ? "in" : "==", value, arguments[0])
    }
    guard arguments.isEmpty else { throw fault("expected no argument of the test `\(name)`") }
    switch (name, value) {
    case ("defined", .undefined): return false
    case ("defined", _): return true
    case ("undefined", .undefined), ("none", .none), ("string", .text), ("mapping", .dictionary),
      ("boolean", .boolean), ("integer", .integer), ("float", .number),
      ("number", .integer), ("number", .number), ("number", .boolean):
      return true
    case ("iterable", .text), ("iterable", .list), ("iterable", .dictionary),
      ("iterable", .undefined), ("sequence", .text), ("sequence", .list),
      ("sequence", .dictionary), ("sequence", .undefined):
      return true
    case ("true", .boolean(let value)): return value
    case ("false", .boolean(let value)): return !value
    case ("even", _), ("odd", _):
      guard let number = value.wholeNumber else {
        throw fault("expected a whole number for the test `\(name)`, got \(value.kind)")
      }
      return number.isMultiple(of: 2) == (name == "even")
    default: return false
    }
  }

  /// The arguments of a call, by name or place.
  struct Arguments {
    var positional: [TemplateValue]
    var named: [String: TemplateValue]

    subscript(name: String, place: Int) -> TemplateValue? {
      place < positional.count ? positional[place] : named[name]
    }

    /// Refuses arguments beyond those of these names.
    func check(
      _ names: [String], _ function: String, _ interpreter: TemplateInterpreter
    ) throws(ChatTemplateError) {
      guard positional.count <= names.count, Set(named.keys).isSubset(of: names) else {
        throw .unsupported(
          line: interpreter.line, what: "these arguments of \(quoted(function))")
      }
    }
  }
}
