import MoEBase

/// A value of a template, as Python has them.
enum TemplateValue: Sendable {
  /// What a name without a value is: false, empty, and an error when more is asked of it.
  case undefined(String)
  case none
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(TemplateText)
  case list([TemplateValue])
  case dictionary([TemplateMember])
  case namespace(TemplateNamespace)
  /// A function of the environment, or a macro.
  case function(String)
  /// A method of a value.
  case method(of: TemplateBox, String)

  /// Makes a value of JSON; its texts come from outside.
  init(_ value: JSONValue) {
    self =
      switch value {
      case .null: .none
      case .boolean(let value): .boolean(value)
      case .integer(let value): .integer(Int(value))
      case .number(let value): .number(value)
      case .string(let text): .text(TemplateText(text, isFromOutside: true))
      case .array(let elements): .list(elements.map { TemplateValue($0) })
      case .object(let members):
        .dictionary(
          members.map {
            TemplateMember(
              key: TemplateText($0.key, isFromOutside: true), value: TemplateValue($0.value))
          })
      }
  }

  /// A text of the template's own.
  static func text(_ text: String) -> TemplateValue { .text(TemplateText(text)) }

  /// Whether it counts as true.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let elements): !elements.isEmpty
    case .dictionary(let members): !members.isEmpty
    case .namespace, .function, .method: true
    }
  }

  /// What it is, for error sentences.
  var kind: String {
    switch self {
    case .undefined(let name): "undefined \(quoted(name))"
    case .none: "none"
    case .boolean: "a boolean"
    case .integer, .number: "a number"
    case .text: "a text"
    case .list: "a list"
    case .dictionary: "a mapping"
    case .namespace: "a namespace"
    case .function, .method: "a function"
    }
  }

  /// Its value as a whole number, as Python sees booleans too.
  var wholeNumber: Int? {
    switch self {
    case .boolean(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  /// Its value as a number.
  var floatingPoint: Double? {
    if case .number(let value) = self { return value }
    return wholeNumber.map(Double.init)
  }

  /// Python's `==`.
  static func isEqual(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): true
    case (.text(let a), .text(let b)): a.isSame(as: b)
    case (.list(let a), .list(let b)):
      a.count == b.count && zip(a, b).allSatisfy { isEqual($0, $1) }
    case (.dictionary(let a), .dictionary(let b)):
      a.count == b.count
        && a.allSatisfy { member in
          b.contains { $0.key.isSame(as: member.key) && isEqual($0.value, member.value) }
        }
    case (.namespace(let a), .namespace(let b)): a === b
    default:
      if let a = left.wholeNumber, let b = right.wholeNumber {
        a == b
      } else if let a = left.floatingPoint, let b = right.floatingPoint {
        a == b
      } else {
        false
      }
    }
  }
}

/// A member of a mapping.
struct TemplateMember: Sendable {
  var key: TemplateText
  var value: TemplateValue
}

/// A value that a method belongs to.
final class TemplateBox: Sendable {
  let value: TemplateValue
  init(_ value: TemplateValue) { self.value = value }
}

/// What `namespace(…)` makes: names that can be set from inner scopes.
///
/// It never leaves the one thread of a rendering.
final class TemplateNamespace: @unchecked Sendable {
  var values: [String: TemplateValue]
  init(_ values: [String: TemplateValue]) { self.values = values }
}

extension [TemplateMember] {
  /// The value of a key.
  func value(_ key: TemplateText) -> TemplateValue? { first { $0.key.isSame(as: key) }?.value }
}
