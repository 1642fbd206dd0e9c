/// Renders the statements of a template.
///
/// There is no way out of it: no attribute of the host, no import, no call but of the functions named
/// here. Steps and text are counted, and end with ``ChatTemplateError/endless(limit:)``.
struct TemplateInterpreter {
  /// The most statements and expressions of one rendering.
  static let stepLimit = 2_000_000
  /// The most scalars that a rendering makes, all in all.
  static let scalarLimit = 64_000_000
  /// How deep macros may call each other.
  static let callLimit = 40

  /// What a statement asks of the loop around it.
  private enum Flow { case next, breakLoop, continueLoop }

  /// Names and their values, the innermost scope last.
  var scopes: [[String: TemplateValue]]
  /// The macros that were defined, by name.
  var macros: [String: TemplateMacro] = [:]
  /// The line of the statement that is rendered.
  private(set) var line = 1
  /// The date of `strftime_now`, if the caller gave one.
  let date: ChatDate?
  private var steps = 0
  private var scalars = 0
  private var calls = 0

  /// Renders statements with variables.
  static func render(
    _ statements: [TemplateStatement], variables: [String: TemplateValue], date: ChatDate?
  ) throws(ChatTemplateError) -> TemplateText {
    var interpreter = TemplateInterpreter(scopes: [variables, [:]], date: date)
    var output = TemplateText()
    _ = try interpreter.run(statements, into: &output)
    return output
  }

  private init(scopes: [[String: TemplateValue]], date: ChatDate?) {
    self.scopes = scopes
    self.date = date
  }

  /// The error of something that the values do not have.
  func fault(_ reason: String) -> ChatTemplateError { .failed(line: line, reason: reason) }

  /// Counts a step.
  mutating func step() throws(ChatTemplateError) {
    steps += 1
    guard steps <= Self.stepLimit else { throw .endless(limit: "\(Self.stepLimit) steps") }
  }

  /// Counts scalars that are made.
  mutating func count(_ text: TemplateText) throws(ChatTemplateError) {
    scalars += text.count
    guard scalars <= Self.scalarLimit else {
      throw .endless(limit: "\(Self.scalarLimit) characters of text")
    }
  }

  /// The value of a name.
  func value(of name: String) -> TemplateValue {
    for scope in scopes.reversed() {
      if let value = scope[name] { return value }
    }
    if macros[name] != nil || Self.functions.contains(name) { return .function(name) }
    return .undefined(name)
  }

  private mutating func set(_ name: String, _ value: TemplateValue) {
    scopes[scopes.count - 1][name] = value
  }

  private mutating func run(
    _ statements: [TemplateStatement], into output: inout TemplateText
  ) throws(ChatTemplateError) -> Flow {
    for statement in statements {
      line = statement.line
      try step()
      switch statement.kind {
      case .data(let text):
        try count(text)
        output.append(text)
      case .output(let expression):
        let text = try shown(try evaluate(expression))
        try count(text)
        output.append(text)
      case .branch(let branches, let otherwise):
        var body = otherwise
        for branch in branches where try evaluate(branch.test).isTrue {
          body = branch.body
          break
        }
        let flow = try run(body, into: &output)
        if flow != .next { return flow }
      case .loop(let loop): try run(loop, into: &output)
      case .set(let name, let expression): set(name, try evaluate(expression))
      case .setMember(let name, let member, let expression):
        guard case .namespace(let namespace) = value(of: name) else {
          throw fault(
            "expected a namespace to set \(quoted(member)) of, got \(value(of: name).kind)")
        }
        namespace.values[member] = try evaluate(expression)
      case .setBlock(let name, let body):
        scopes.append([:])
        var text = TemplateText()
        _ = try run(body, into: &text)
        scopes.removeLast()
        set(name, .text(text))
      case .macro(let macro): macros[macro.name] = macro
      case .breakLoop: return .breakLoop
      case .continueLoop: return .continueLoop
      }
    }
    return .next
  }

  private mutating func run(
    _ loop: TemplateLoop, into output: inout TemplateText
  ) throws(ChatTemplateError) {
    var elements = try self.elements(of: try evaluate(loop.sequence))
    if let condition = loop.condition {
      var kept: [TemplateValue] = []
      for element in elements {
        scopes.append(try bindings(loop.targets, element))
        if try evaluate(condition).isTrue { kept.append(element) }
        scopes.removeLast()
      }
      elements = kept
    }
    if elements.isEmpty {
      scopes.append([:])
      _ = try run(loop.otherwise, into: &output)
      scopes.removeLast()
      return
    }
    let depth = scopes.count
    for index in elements.indices {
      var scope = try bindings(loop.targets, elements[index])
      scope["loop"] = .namespace(Self.loopVariables(elements, index))
      scopes.append(scope)
      let flow = try run(loop.body, into: &output)
      scopes.removeLast(scopes.count - depth)
      if flow == .breakLoop { break }
    }
  }

  private static func loopVariables(
    _ elements: [TemplateValue], _ index: Int
  ) -> TemplateNamespace {
    let count = elements.count
    return TemplateNamespace([
      "index": .integer(index + 1), "index0": .integer(index), "length": .integer(count),
      "revindex": .integer(count - index), "revindex0": .integer(count - index - 1),
      "first": .boolean(index == 0), "last": .boolean(index == count - 1),
      "previtem": index > 0 ? elements[index - 1] : .undefined("previtem"),
      "nextitem": index + 1 < count ? elements[index + 1] : .undefined("nextitem"),
    ])
  }

  private func bindings(
    _ targets: [String], _ element: TemplateValue
  ) throws(ChatTemplateError) -> [String: TemplateValue] {
    if targets.count == 1 { return [targets[0]: element] }
    guard case .list(let parts) = element, parts.count == targets.count else {
      throw fault("expected \(targets.count) values in each element, got \(element.kind)")
    }
    return Dictionary(zip(targets, parts), uniquingKeysWith: { $1 })
  }

  /// Calls a macro.
  mutating func call(
    _ macro: TemplateMacro, _ positional: [TemplateValue], _ named: [String: TemplateValue]
  ) throws(ChatTemplateError) -> TemplateValue {
    calls += 1
    defer { calls -= 1 }
    guard calls <= Self.callLimit else { throw .endless(limit: "\(Self.callLimit) nested macros") }
    let names = macro.parameters.map(\.name)
    guard positional.count <= names.count, Set(named.keys).isSubset(of: names) else {
      throw fault("expected other arguments of the macro \(quoted(macro.name))")
    }
    // A macro sees what is set outside of everything, and its own parameters.
    let outer = scopes
    scopes = [scopes[0], scopes[1], [:]]
    defer { scopes = outer }
    for (index, parameter) in macro.parameters.enumerated() {
      let given = index < positional.count ? positional[index] : named[parameter.name]
      if let given {
        set(parameter.name, given)
      } else if let value = parameter.value {
        set(parameter.name, try evaluate(value))
      } else {
        set(parameter.name, .undefined(parameter.name))
      }
    }
    var text = TemplateText()
    let calledAt = line
    _ = try run(macro.body, into: &text)
    line = calledAt
    return .text(text)
  }
}
