public import Foundation
public import MoEBase
import Yams

/// A YAML file as the same value type that JSON is read into.
///
/// Mappings, sequences, and scalars by YAML 1.2's core schema: a plain `true`, `false`, `null`, whole number
/// or decimal number is one, all else is text (`no`, `1.0.0` and `2026-01-01` are). No key twice, no tags but
/// `!!str`, no anchors and aliases, no merge keys, nested no deeper than libyaml's 1,000 levels.
public enum YAMLDocument {
  /// The largest file that is read.
  static let sizeLimit = 4 << 20

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - name: What error sentences call it.
  ///   - neededBy: Who names it, for the sentence when it is not there.
  /// - Returns: The value.
  /// - Throws: ``SourceError``.
  public static func read(_ url: URL, name: String, neededBy: String) throws -> JSONValue {
    let bytes = try SourceFile.bytes(url, name: name, neededBy: neededBy, limit: sizeLimit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let line = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .firstIndex { String(validating: $0, as: UTF8.self) == nil }
      throw SourceError.badYAML(
        file: name, line: (line ?? 0) + 1, reason: "bytes that are not UTF-8")
    }
    return try parse(text, name: name)
  }

  /// Reads a text.
  ///
  /// - Throws: ``SourceError/badYAML(file:line:reason:)``.
  public static func parse(_ text: String, name: String) throws -> JSONValue {
    // libyaml counts a byte order mark as a column of the first line.
    let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    do {
      // The parser owns the anchors that nodes refer to: it has to live until they were looked for.
      let parser = try Yams.Parser(yaml: text)
      return try withExtendedLifetime(parser) {
        guard let node = try parser.singleRoot() else {
          throw SourceError.badYAML(file: name, line: 1, reason: "an empty document")
        }
        return try value(node, name: name)
      }
    } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
      let line = DuplicateKey(keys.first ?? "", firstAt: context.mark).secondLine(in: text)
      throw SourceError.badYAML(
        file: name, line: line ?? context.mark.line, reason: "the key `\(keys.first ?? "")` twice")
    } catch let error as YamlError {
      throw SourceError.badYAML(file: name, line: error.line, reason: error.reason)
    }
  }

  private static func value(_ node: Node, name: String) throws -> JSONValue {
    func bad(_ reason: String, at mark: Mark? = nil) -> SourceError {
      .badYAML(file: name, line: (mark ?? node.mark)?.line ?? 1, reason: reason)
    }
    guard node.anchor == nil else { throw bad("an anchor, which is not read") }
    switch node {
    case .mapping(let mapping):
      guard mapping.tag.isImplicit(or: .map) else { throw bad("a tag, which is not read") }
      var members: [JSONMember] = []
      var keys: Set<[UInt8]> = []
      for (key, child) in mapping {
        guard key.anchor == nil else { throw bad("an anchor, which is not read", at: key.mark) }
        guard case .scalar(let scalar) = key else {
          throw bad("a key that is no word", at: key.mark)
        }
        guard keys.insert(Array(scalar.string.utf8)).inserted else {
          throw bad("the key `\(scalar.string)` twice", at: key.mark)
        }
        members.append(JSONMember(scalar.string, try value(child, name: name)))
      }
      return .object(members)
    case .sequence(let sequence):
      guard sequence.tag.isImplicit(or: .seq) else { throw bad("a tag, which is not read") }
      return .array(try sequence.map { try value($0, name: name) })
    case .scalar(let scalar):
      if scalar.tag.isImplicit(or: nil), scalar.style == .plain { return core(scalar.string) }
      guard scalar.tag.isImplicit(or: .str) else { throw bad("a tag, which is not read") }
      return .string(scalar.string)
    case .alias: throw bad("an alias, which is not read")
    }
  }

  /// A plain scalar by the core schema.
  private static func core(_ text: String) -> JSONValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .boolean(true)
    case "false", "False", "FALSE": return .boolean(false)
    default: break
    }
    // What JSON calls a number, `+1`, `.5` and `1.` besides: `010`, `0x10` and `1_000` stay text.
    let sign = text.hasPrefix("-") ? "-" : ""
    var digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
    guard digits.contains(where: { $0.isASCII && $0.isNumber }) else { return .string(text) }
    if digits.hasPrefix(".") { digits = "0" + digits }
    if digits.hasSuffix(".") { digits += "0" }
    guard let first = digits.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
      let number = try? JSONValue(parsing: Array((sign + digits).utf8))
    else { return .string(text) }
    return number
  }
}

extension Tag {
  /// Whether nothing was written, or what is read anyway.
  ///
  /// A tag is resolved in place when something compares it, so it is asked before anything does.
  fileprivate func isImplicit(or name: Name?) -> Bool {
    let written = description
    return written == Name.implicit.rawValue || written == name?.rawValue
  }
}

extension YamlError {
  /// The line it is about, counted from 1.
  fileprivate var line: Int {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
      mark.line
    case .reader(_, let offset, _, let yaml):
      // The offset counts characters.
      1 + yaml.prefix(offset ?? 0).count(where: \.isNewline)
    default: 1
    }
  }

  /// What was wrong, as the object of "got …".
  fileprivate var reason: String {
    switch self {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
      .composer(_, let problem, _, _), .reader(let problem, _, _, _):
      "what it does not allow: \(problem)"
    default: "a text that YAML does not allow"
    }
  }
}
