/// Reads the statements of a template.
struct TemplateParser {
  /// How deep statements and expressions may nest.
  static let depthLimit = 100

  private var tokens: [(token: TemplateLexer.Token, line: Int)]
  private var position = 0
  private var depth = 0
  private var loopDepth = 0

  /// The statements of a source.
  static func statements(of source: String) throws(ChatTemplateError) -> [TemplateStatement] {
    var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source))
    let (statements, end) = try parser.body(until: [])
    guard end == nil else { throw parser.fault("an end without its beginning") }
    return statements
  }

  private init(tokens: [(token: TemplateLexer.Token, line: Int)]) { self.tokens = tokens }

  // MARK: - Tokens

  /// The next token, if there is one.
  var current: TemplateLexer.Token? { position < tokens.count ? tokens[position].token : nil }
  /// The token before the next one.
  var previous: TemplateLexer.Token? { position > 0 ? tokens[position - 1].token : nil }
  private var line: Int { tokens.isEmpty ? 1 : tokens[min(position, tokens.count - 1)].line }

  /// The error of something that is not understood here.
  func fault(_ what: String) -> ChatTemplateError { .unsupported(line: line, what: what) }

  /// What stands here, for error sentences.
  var shown: String {
    switch current {
    case nil, .data: "the end"
    case .variableBegin, .blockBegin: "a tag"
    case .variableEnd: "`}}`"
    case .blockEnd: "`%}`"
    case .name(let name), .sign(let name): quoted(name)
    case .text(let text): "the text \(quoted(text))"
    case .integer(let value): "`\(value)`"
    case .number(let value): "`\(value)`"
    }
  }

  /// Goes past the next token.
  mutating func advance() { position += 1 }

  /// Goes past a token if it is next.
  mutating func take(_ token: TemplateLexer.Token) -> Bool {
    guard current == token else { return false }
    position += 1
    return true
  }

  /// Goes past a token, which must be next.
  mutating func expect(_ token: TemplateLexer.Token, _ name: String) throws(ChatTemplateError) {
    guard take(token) else { throw fault("expected \(name), got \(shown)") }
  }

  /// Goes past a name.
  mutating func name() throws(ChatTemplateError) -> String {
    guard case .name(let name)? = current else { throw fault("expected a name, got \(shown)") }
    position += 1
    return name
  }

  /// Runs `body` one level deeper.
  mutating func nested<Result>(
    _ body: (inout TemplateParser) throws(ChatTemplateError) -> Result
  ) throws(ChatTemplateError) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw fault("nesting deeper than \(Self.depthLimit)") }
    return try body(&self)
  }

  // MARK: - Statements

  /// Statements up to a block of one of these names, and which it was; the position is after the name.
  private mutating func body(
    until ends: [String]
  ) throws(ChatTemplateError) -> (statements: [TemplateStatement], end: String?) {
    var statements: [TemplateStatement] = []
    while let token = current {
      let line = line
      advance()
      switch token {
      case .data(let text):
        statements.append(TemplateStatement(line: line, kind: .data(TemplateText(text))))
      case .variableBegin:
        let value = try expression()
        try expect(.variableEnd, "`}}`")
        statements.append(TemplateStatement(line: line, kind: .output(value)))
      default:
        let keyword = try name()
        if ends.contains(keyword) { return (statements, keyword) }
        let inner = try nested { parser throws(ChatTemplateError) in
          try parser.statement(keyword)
        }
        for kind in inner { statements.append(TemplateStatement(line: line, kind: kind)) }
      }
    }
    guard ends.isEmpty else {
      throw fault("expected \(ends.map { "`\($0)`" }.joined(separator: " or ")), got the end")
    }
    return (statements, nil)
  }

  private mutating func endBlock() throws(ChatTemplateError) { try expect(.blockEnd, "`%}`") }

  private mutating func statement(
    _ keyword: String
  ) throws(ChatTemplateError) -> [TemplateStatement.Kind] {
    switch keyword {
    case "if": return [try branch()]
    case "for": return [try loop()]
    case "set": return [try assignment()]
    case "macro": return [try macro()]
    case "break", "continue":
      guard loopDepth > 0 else { throw fault("`\(keyword)` outside of a loop") }
      try endBlock()
      return [keyword == "break" ? .breakLoop : .continueLoop]
    case "generation":
      // Marks what an assistant says, for training; the text is the same.
      try endBlock()
      let (body, _) = try body(until: ["endgeneration"])
      try endBlock()
      return [
        .branch([(.literal(.boolean(true)), body)], otherwise: [])
      ]
    default: throw fault("the statement \(quoted(keyword))")
    }
  }

  private mutating func branch() throws(ChatTemplateError) -> TemplateStatement.Kind {
    var branches: [(test: TemplateExpression, body: [TemplateStatement])] = []
    var otherwise: [TemplateStatement] = []
    var keyword: String? = "if"
    while keyword != "endif" {
      if keyword == "else" {
        try endBlock()
        (otherwise, keyword) = try body(until: ["endif"])
      } else {
        let test = try expression()
        try endBlock()
        let (statements, end) = try body(until: ["elif", "else", "endif"])
        branches.append((test, statements))
        keyword = end
      }
    }
    try endBlock()
    return .branch(branches, otherwise: otherwise)
  }

  private mutating func loop() throws(ChatTemplateError) -> TemplateStatement.Kind {
    var targets: [String] = []
    let isBracketed = take(.sign("("))
    repeat { targets.append(try name()) } while take(.sign(","))
    if isBracketed { try expect(.sign(")"), "`)`") }
    try expect(.name("in"), "`in`")
    let sequence = try disjunction()
    let condition = take(.name("if")) ? try expression() : nil
    try endBlock()
    loopDepth += 1
    var (statements, end) = try body(until: ["else", "endfor"])
    loopDepth -= 1
    var otherwise: [TemplateStatement] = []
    if end == "else" {
      try endBlock()
      (otherwise, end) = try body(until: ["endfor"])
    }
    try endBlock()
    return .loop(
      TemplateLoop(
        targets: targets, sequence: sequence, condition: condition, body: statements,
        otherwise: otherwise))
  }

  private mutating func assignment() throws(ChatTemplateError) -> TemplateStatement.Kind {
    let target = try name()
    if take(.sign(".")) {
      let member = try name()
      try expect(.sign("="), "`=`")
      let value = try expression()
      try endBlock()
      return .setMember(target, member, value)
    }
    if take(.sign("=")) {
      let value = try expression()
      try endBlock()
      return .set(target, value)
    }
    try endBlock()
    let (statements, _) = try body(until: ["endset"])
    try endBlock()
    return .setBlock(target, statements)
  }

  private mutating func macro() throws(ChatTemplateError) -> TemplateStatement.Kind {
    let name = try name()
    var parameters: [(name: String, value: TemplateExpression?)] = []
    try expect(.sign("("), "`(`")
    while !take(.sign(")")) {
      if !parameters.isEmpty { try expect(.sign(","), "`,`") }
      let parameter = try self.name()
      parameters.append((parameter, take(.sign("=")) ? try expression() : nil))
    }
    try endBlock()
    let outer = loopDepth
    loopDepth = 0
    let (statements, _) = try body(until: ["endmacro"])
    loopDepth = outer
    try endBlock()
    return .macro(TemplateMacro(name: name, parameters: parameters, body: statements))
  }
}
