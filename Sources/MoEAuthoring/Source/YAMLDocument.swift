public import Foundation
public import MoEBase
import Yams

/// A YAML file as the same value type that JSON is read into.
///
/// Mappings, sequences and the scalars of YAML's core schema; no tags of one's own, no key twice, no anchors.
public enum YAMLDocument {
  /// The largest file that is read.
  static let sizeLimit = 4 << 20

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - name: What error sentences call it.
  ///   - neededBy: Who names it, for the sentence when it is not there.
  /// - Throws: ``SourceError``.
  public static func read(_ url: URL, name: String, neededBy: String) throws -> JSONValue {
    let bytes = try SourceFile.bytes(url, name: name, neededBy: neededBy, limit: sizeLimit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SourceError.badYAML(file: name, line: 1, reason: "bytes that are not UTF-8")
    }
    return try parse(text, name: name)
  }

  /// Reads a text.
  ///
  /// - Throws: ``SourceError/badYAML(file:line:reason:)``.
  public static func parse(_ text: String, name: String) throws -> JSONValue {
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw SourceError.badYAML(file: name, line: line(of: error), reason: reason(of: error))
    } catch {
      throw SourceError.badYAML(file: name, line: 1, reason: "\(error)")
    }
    guard let node else {
      throw SourceError.badYAML(file: name, line: 1, reason: "an empty document")
    }
    return try value(node, name: name)
  }

  private static func value(_ node: Node, name: String) throws -> JSONValue {
    let line = node.mark?.line ?? 1
    switch node {
    case .mapping(let mapping):
      var members: [JSONMember] = []
      for (key, child) in mapping {
        guard case .scalar(let scalar) = key else {
          throw SourceError.badYAML(file: name, line: line, reason: "a key that is no word")
        }
        guard !members.contains(where: { $0.key.utf8.elementsEqual(scalar.string.utf8) }) else {
          throw SourceError.badYAML(
            file: name, line: key.mark?.line ?? line, reason: "the key `\(scalar.string)` twice")
        }
        members.append(JSONMember(scalar.string, try value(child, name: name)))
      }
      return .object(members)
    case .sequence(let sequence): return .array(try sequence.map { try value($0, name: name) })
    case .scalar(let scalar): return self.scalar(scalar, node)
    case .alias:
      throw SourceError.badYAML(file: name, line: line, reason: "an alias, which is not read")
    }
  }

  private static func scalar(_ scalar: Node.Scalar, _ node: Node) -> JSONValue {
    switch node.tag.description {
    case Tag.Name.null.rawValue: return .null
    case Tag.Name.bool.rawValue:
      return Bool.construct(from: scalar).map(JSONValue.boolean) ?? .string(scalar.string)
    case Tag.Name.int.rawValue:
      return Int64(scalar.string).map(JSONValue.integer) ?? .string(scalar.string)
    case Tag.Name.float.rawValue:
      guard let number = Double(scalar.string), number.isFinite else {
        return .string(scalar.string)
      }
      return .number(number)
    default: return .string(scalar.string)
    }
  }

  private static func line(of error: YamlError) -> Int {
    switch error {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
      mark.line
    case .duplicatedKeysInMapping(_, let context): context.mark.line
    default: 1
    }
  }

  private static func reason(of error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
      .composer(_, let problem, _, _):
      problem
    case .duplicatedKeysInMapping(let keys, _): "the key \(keys) twice"
    default: "a text that YAML does not allow"
    }
  }
}

/// A file of a pack source.
enum SourceFile {
  /// Reads a whole file of at most `limit` bytes.
  static func bytes(_ url: URL, name: String, neededBy: String, limit: Int) throws -> [UInt8] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
      throw SourceError.missingFile(path: name, neededBy: neededBy)
    }
    guard !isDirectory.boolValue else {
      throw SourceError.unreadable(path: name, reason: "it is a directory")
    }
    do {
      let data = try Data(contentsOf: url, options: .mappedIfSafe)
      guard data.count <= limit else {
        throw SourceError.unreadable(
          path: name, reason: "it has \(data.count) bytes, expected at most \(limit)")
      }
      return Array(data)
    } catch let error as SourceError {
      throw error
    } catch {
      throw SourceError.unreadable(path: name, reason: error.localizedDescription)
    }
  }
}
