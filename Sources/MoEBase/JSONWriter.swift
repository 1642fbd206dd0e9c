extension JSONValue {
  /// The one spelling of this value: no white space, members in their order, numbers in the shortest
  /// form that reads back to the same `Double`, control characters escaped, all else as UTF-8.
  public var bytes: [UInt8] {
    var output: [UInt8] = []
    write(to: &output)
    return output
  }

  /// ``bytes`` as a string.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The value over several lines, indented by two spaces, for people.
  public var prettyText: String {
    var output: [UInt8] = []
    write(to: &output, indent: 0)
    return String(decoding: output, as: UTF8.self)
  }

  /// Appends ``bytes`` to `output`; with `indent`, over several lines from that depth.
  public func write(to output: inout [UInt8], indent: Int? = nil) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .boolean(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): output.append(contentsOf: String(value).utf8)
    case .number(let value):
      precondition(value.isFinite, "JSON has no spelling for a number that is not finite")
      output.append(contentsOf: Self.spelling(value).utf8)
    case .string(let value): Self.writeString(value, to: &output)
    case .array(let values):
      Self.writeList(
        values, brackets: ("[", "]"), to: &output,
        indent: values.allSatisfy(\.isScalar) ? nil : indent
      ) { value, output, inner in value.write(to: &output, indent: inner) }
    case .object(let members):
      Self.writeList(members, brackets: ("{", "}"), to: &output, indent: indent) {
        member, output, inner in
        Self.writeString(member.key, to: &output)
        output.append(contentsOf: (inner == nil ? ":" : ": ").utf8)
        member.value.write(to: &output, indent: inner)
      }
    }
  }

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], brackets: (String, String), to output: inout [UInt8], indent: Int?,
    element write: (Element, inout [UInt8], Int?) -> Void
  ) {
    output.append(contentsOf: brackets.0.utf8)
    let inner = indent.map { $0 + 1 }
    for (index, element) in elements.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      newLine(inner, to: &output)
      write(element, &output, inner)
    }
    if !elements.isEmpty { newLine(indent, to: &output) }
    output.append(contentsOf: brackets.1.utf8)
  }

  private static func newLine(_ indent: Int?, to output: inout [UInt8]) {
    guard let indent else { return }
    output.append(UInt8(ascii: "\n"))
    output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * 2))
  }

  private static func spelling(_ value: Double) -> String {
    if value == value.rounded(), value.magnitude < 1e15 {
      return value == 0 && value.sign == .minus ? "-0.0" : "\(Int64(value)).0"
    }
    return value.description
  }

  private static func writeString(_ value: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
      case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
      case 0x0A: output.append(contentsOf: "\\n".utf8)
      case 0x0D: output.append(contentsOf: "\\r".utf8)
      case 0x09: output.append(contentsOf: "\\t".utf8)
      case 0..<0x20, 0x7F: output.append(contentsOf: "\\u00\(Digest.hex([byte]))".utf8)
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
