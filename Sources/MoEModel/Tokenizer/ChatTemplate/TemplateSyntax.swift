/// An expression of a template.
indirect enum TemplateExpression: Sendable {
  case literal(TemplateValue)
  case name(String)
  case list([TemplateExpression])
  case dictionary([(key: TemplateExpression, value: TemplateExpression)])
  case attribute(TemplateExpression, String)
  case item(TemplateExpression, TemplateExpression)
  case slice(TemplateExpression, [TemplateExpression?])
  case negative(TemplateExpression)
  case not(TemplateExpression)
  case and(TemplateExpression, TemplateExpression)
  case or(TemplateExpression, TemplateExpression)
  case arithmetic(String, TemplateExpression, TemplateExpression)
  case concatenation([TemplateExpression])
  case comparison(TemplateExpression, [(sign: String, right: TemplateExpression)])
  case condition(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
  case filter(TemplateExpression, String, TemplateArguments)
  case test(TemplateExpression, String, TemplateArguments)
  case call(TemplateExpression, TemplateArguments)
}

/// The arguments of a call.
struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}

/// A statement of a template, with its line.
struct TemplateStatement: Sendable {
  /// What it does.
  indirect enum Kind: Sendable {
    case data(TemplateText)
    case output(TemplateExpression)
    case branch(
      [(test: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
    case loop(TemplateLoop)
    case set(String, TemplateExpression)
    case setMember(String, String, TemplateExpression)
    case setBlock(String, [TemplateStatement])
    case macro(TemplateMacro)
    case breakLoop
    case continueLoop
  }

  var line: Int
  var kind: Kind
}

/// A loop.
struct TemplateLoop: Sendable {
  var targets: [String]
  var sequence: TemplateExpression
  var condition: TemplateExpression?
  var body: [TemplateStatement]
  var otherwise: [TemplateStatement]
}

/// A named piece of a template with parameters.
struct TemplateMacro: Sendable {
  var name: String
  var parameters: [(name: String, value: TemplateExpression?)]
  var body: [TemplateStatement]
}
