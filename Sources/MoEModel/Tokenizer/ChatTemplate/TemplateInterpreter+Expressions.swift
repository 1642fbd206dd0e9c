extension TemplateInterpreter {
  /// The value of an expression.
  mutating func evaluate(
    _ expression: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateValue {
    try step()
    switch expression {
    case .literal(let value): return value
    case .name(let name): return value(of: name)
    case .list(let parts): return .list(try evaluate(parts))
    case .dictionary(let parts):
      var members: [TemplateMember] = []
      for part in parts {
        let key = try text(try evaluate(part.key), of: "a key")
        members.removeAll { $0.key.isSame(as: key) }
        members.append(TemplateMember(key: key, value: try evaluate(part.value)))
      }
      return .dictionary(members)
    case .attribute(let value, let name): return try attribute(of: try evaluate(value), name)
    case .item(let value, let index):
      return try item(of: try evaluate(value), try evaluate(index))
    case .slice(let value, let parts):
      var bounds: [Int?] = []
      for part in parts { bounds.append(try bound(part)) }
      return try slice(try evaluate(value), bounds)
    case .negative(let value):
      let value = try evaluate(value)
      if let number = value.wholeNumber, number != .min { return .integer(-number) }
      guard let number = value.floatingPoint else {
        throw fault("expected a number after `-`, got \(value.kind)")
      }
      return .number(-number)
    case .not(let value): return .boolean(!(try evaluate(value).isTrue))
    case .and(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? try evaluate(right) : value
    case .or(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? value : try evaluate(right)
    case .arithmetic(let sign, let left, let right):
      return try arithmetic(sign, try evaluate(left), try evaluate(right))
    case .concatenation(let parts):
      var text = TemplateText()
      for part in parts { text.append(try shown(try evaluate(part))) }
      try count(text)
      return .text(text)
    case .comparison(let first, let parts):
      var left = try evaluate(first)
      for part in parts {
        let right = try evaluate(part.right)
        guard try compare(part.sign, left, right) else { return .boolean(false) }
        left = right
      }
      return .boolean(true)
    case .condition(let test, let then, let otherwise):
      if try evaluate(test).isTrue { return try evaluate(then) }
      guard let otherwise else { return .undefined("else") }
      return try evaluate(otherwise)
    case .filter(let value, let name, let arguments):
      let input = try evaluate(value)
      let (positional, named) = try evaluate(arguments)
      return try filter(input, name, positional, named)
    case .test(let value, let name, let arguments):
      return .boolean(try test(try evaluate(value), name, try evaluate(arguments.positional)))
    case .call(let callee, let arguments):
      let function = try evaluate(callee)
      let (positional, named) = try evaluate(arguments)
      switch function {
      case .function(let name): return try call(name, positional, named)
      case .method(let box, let name): return try method(name, of: box.value, positional, named)
      default: throw fault("expected a function to call, got \(function.kind)")
      }
    }
  }

  private mutating func bound(_ part: TemplateExpression?) throws(ChatTemplateError) -> Int? {
    guard let part else { return nil }
    let value = try evaluate(part)
    if case .none = value { return nil }
    guard let number = value.wholeNumber else {
      throw fault("expected a whole number in a slice, got \(value.kind)")
    }
    return number
  }

  private mutating func evaluate(
    _ parts: [TemplateExpression]
  ) throws(ChatTemplateError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for part in parts { values.append(try evaluate(part)) }
    return values
  }

  private mutating func evaluate(
    _ arguments: TemplateArguments
  ) throws(ChatTemplateError) -> ([TemplateValue], [String: TemplateValue]) {
    var named: [String: TemplateValue] = [:]
    for argument in arguments.named { named[argument.name] = try evaluate(argument.value) }
    return (try evaluate(arguments.positional), named)
  }

  /// What is printed of a value.
  func shown(_ value: TemplateValue) throws(ChatTemplateError) -> TemplateText {
    switch value {
    case .text(let text): return text
    case .undefined: return TemplateText()
    case .none: return TemplateText("None")
    case .boolean(let value): return TemplateText(value ? "True" : "False")
    case .integer(let value): return TemplateText("\(value)")
    case .number(let value):
      let text = "\(value)"
      guard !text.contains("e"), value.isFinite else { break }
      return TemplateText(text)
    default: break
    }
    throw .unsupported(line: line, what: "\(value.kind) where a text is written")
  }

  /// A value that must be a text.
  func text(_ value: TemplateValue, of what: String) throws(ChatTemplateError) -> TemplateText {
    guard case .text(let text) = value else {
      throw fault("expected a text as \(what), got \(value.kind)")
    }
    return text
  }

  /// The elements of what can be gone through.
  func elements(of value: TemplateValue) throws(ChatTemplateError) -> [TemplateValue] {
    switch value {
    case .list(let elements): return elements
    case .undefined: return []
    case .text(let text): return (0..<text.count).map { .text(text[$0..<$0 + 1]) }
    case .dictionary(let members): return members.map { .text($0.key) }
    default: throw fault("expected a list to go through, got \(value.kind)")
    }
  }

  private func attribute(
    of value: TemplateValue, _ name: String
  ) throws(ChatTemplateError) -> TemplateValue {
    switch value {
    case .undefined: throw fault("\(value.kind) has no \(quoted(name))")
    case .namespace(let namespace): return namespace.values[name] ?? .undefined(name)
    case .text where Self.textMethods.contains(name),
      .dictionary where Self.dictionaryMethods.contains(name):
      return .method(of: TemplateBox(value), name)
    case .dictionary(let members): return members.value(TemplateText(name)) ?? .undefined(name)
    case .text, .list:
      throw .unsupported(line: line, what: "the attribute \(quoted(name)) of \(value.kind)")
    default: return .undefined(name)
    }
  }

  private func item(
    of value: TemplateValue, _ index: TemplateValue
  ) throws(ChatTemplateError) -> TemplateValue {
    switch (value, index) {
    case (.undefined, _): throw fault("\(value.kind) has no elements")
    case (.dictionary(let members), .text(let key)):
      if let found = members.value(key) { return found }
      return Self.dictionaryMethods.contains(key.string)
        ? .method(of: TemplateBox(value), key.string) : .undefined(key.string)
    case (.list, _), (.text, _):
      guard let number = index.wholeNumber else { return .undefined("element") }
      let count = try length(of: value)
      let place = number < 0 ? number + count : number
      guard (0..<count).contains(place) else { return .undefined("element \(number)") }
      if case .list(let elements) = value { return elements[place] }
      if case .text(let text) = value { return .text(text[place..<place + 1]) }
    case (.namespace(let namespace), .text(let key)):
      return namespace.values[key.string] ?? .undefined(key.string)
    default: break
    }
    return .undefined("element")
  }

  /// How many elements a value has.
  func length(of value: TemplateValue) throws(ChatTemplateError) -> Int {
    switch value {
    case .list(let elements): elements.count
    case .text(let text): text.count
    case .dictionary(let members): members.count
    case .undefined: 0
    default: throw fault("expected something that has a length, got \(value.kind)")
    }
  }

  private func slice(
    _ value: TemplateValue, _ bounds: [Int?]
  ) throws(ChatTemplateError) -> TemplateValue {
    let count = try length(of: value)
    let stride_ = bounds.count > 2 ? bounds[2] ?? 1 : 1
    guard stride_ != 0, stride_ != .min else { throw fault("a slice in steps of \(stride_)") }
    let low = stride_ > 0 ? 0 : -1
    let high = stride_ > 0 ? count : count - 1
    func clamp(_ bound: Int?, _ otherwise: Int) -> Int {
      guard let bound else { return otherwise }
      return min(max(bound < 0 ? max(bound, -count - 1) + count : bound, low), high)
    }
    let start = clamp(bounds[0], stride_ > 0 ? low : high)
    let end = clamp(bounds[1], stride_ > 0 ? high : low)
    let places = Array(stride(from: start, to: end, by: stride_))
    switch value {
    case .list(let elements): return .list(places.map { elements[$0] })
    case .text(let text): return .text(TemplateText(units: places.map { text.units[$0] }))
    default: throw fault("expected a list or a text to slice, got \(value.kind)")
    }
  }

  private mutating func arithmetic(
    _ sign: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(ChatTemplateError) -> TemplateValue {
    let refusal = fault("expected values that `\(sign)` takes, got \(left.kind) and \(right.kind)")
    switch (sign, left, right) {
    case ("+", .text(let a), .text(let b)):
      var text = a
      text.append(b)
      try count(text)
      return .text(text)
    case ("+", .list(let a), .list(let b)):
      guard a.count + b.count <= Self.stepLimit else { throw refusal }
      return .list(a + b)
    default: break
    }
    if let a = left.wholeNumber, let b = right.wholeNumber, sign != "/" {
      let result: (partialValue: Int, overflow: Bool)
      switch sign {
      case "+": result = a.addingReportingOverflow(b)
      case "-": result = a.subtractingReportingOverflow(b)
      case "*": result = a.multipliedReportingOverflow(by: b)
      default:
        guard b != 0, !(a == .min && b == -1) else { throw fault("a division by \(b)") }
        let remainder = a % b
        let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
        result =
          sign == "%"
          ? (isBelow ? remainder + b : remainder, false) : (a / b - (isBelow ? 1 : 0), false)
      }
      guard !result.overflow else { throw fault("a whole number that does not fit 64 bits") }
      return .integer(result.partialValue)
    }
    guard let a = left.floatingPoint, let b = right.floatingPoint else { throw refusal }
    switch sign {
    case "+": return .number(a + b)
    case "-": return .number(a - b)
    case "*": return .number(a * b)
    case "/":
      guard b != 0 else { throw fault("a division by 0") }
      return .number(a / b)
    default: throw .unsupported(line: line, what: "`\(sign)` of numbers with fractions")
    }
  }

  /// Whether a comparison holds.
  func compare(
    _ sign: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(ChatTemplateError) -> Bool {
    switch sign {
    case "==": return TemplateValue.isEqual(left, right)
    case "!=": return !TemplateValue.isEqual(left, right)
    case "in": return try contains(right, left)
    case "not in": return !(try contains(right, left))
    default: break
    }
    let isBefore: Bool
    let isAfter: Bool
    if case .text(let a) = left, case .text(let b) = right {
      (isBefore, isAfter) = (a.precedes(b), b.precedes(a))
    } else if let a = left.wholeNumber, let b = right.wholeNumber {
      (isBefore, isAfter) = (a < b, a > b)
    } else if let a = left.floatingPoint, let b = right.floatingPoint {
      (isBefore, isAfter) = (a < b, a > b)
    } else {
      throw fault("expected values that `\(sign)` compares, got \(left.kind) and \(right.kind)")
    }
    switch sign {
    case "<": return isBefore
    case ">": return isAfter
    case "<=": return !isAfter
    default: return !isBefore
    }
  }

  private func contains(
    _ whole: TemplateValue, _ part: TemplateValue
  ) throws(ChatTemplateError) -> Bool {
    switch (whole, part) {
    case (.text(let text), .text(let other)): return text.firstIndex(of: other) != nil
    case (.dictionary(let members), .text(let key)): return members.value(key) != nil
    case (.list(let elements), _):
      return elements.contains { TemplateValue.isEqual($0, part) }
    case (.undefined, _): return false
    default: throw fault("expected something that `in` looks into, got \(whole.kind)")
    }
  }
}
