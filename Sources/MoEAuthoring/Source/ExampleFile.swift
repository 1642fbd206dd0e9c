public import Foundation
public import MoEBase
public import MoEEval

/// One line of a data file.
public struct SourceExample: Sendable, Equatable {
  /// The text.
  public let text: String
  /// What is right; `nil` in a file of negatives, which name no answer.
  public let expectation: Expectation?
  /// Where it stands, counted from 1.
  public let line: Int
}

/// A JSON Lines file of examples: one object a line, UTF-8, no empty line, nothing unknown.
public struct ExampleFile: Sendable {
  /// The path within the source, as `pack.yaml` spells it.
  public let name: String
  /// The digest of its bytes.
  public let digest: Digest
  /// Its bytes.
  public let bytes: [UInt8]
  /// Its lines.
  public let examples: [SourceExample]

  /// What lines of a file may say.
  public enum Kind: Sendable {
    /// `{"text"}` with what the kind of task expects: `{"text", "label"}` of `classify`.
    case training(TaskKind)
    /// The same, or `{"text", "expect": "none"}`.
    case eval(TaskKind)
    /// `{"text"}`.
    case negatives
  }

  /// The largest file that is read.
  static let sizeLimit = 1 << 30
  /// The longest text of one example, in bytes.
  static let textLimit = 1 << 20
  /// The longest label, in bytes.
  static let labelLimit = 128

  /// Reads a file.
  ///
  /// - Throws: ``SourceError`` naming the first line that is wrong.
  public init(_ url: URL, name: String, kind: Kind, neededBy: String) throws {
    let bytes = try SourceFile.bytes(url, name: name, neededBy: neededBy, limit: Self.sizeLimit)
    try self.init(bytes: bytes, name: name, kind: kind)
  }

  /// Reads bytes.
  ///
  /// - Throws: ``SourceError`` naming the first line that is wrong.
  public init(bytes: [UInt8], name: String, kind: Kind) throws {
    self.name = name
    self.bytes = bytes
    digest = Digest(of: bytes)
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty else { throw SourceError.noExamples(file: name) }
    examples = try lines.enumerated().map { index, line in
      try Self.example(Array(line), file: name, line: index + 1, kind: kind)
    }
  }

  private static func example(
    _ bytes: [UInt8], file: String, line: Int, kind: Kind
  ) throws -> SourceExample {
    func bad(_ expected: String, _ got: String) -> SourceError {
      .badLine(file: file, line: line, expected: expected, got: got)
    }
    guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else {
      throw bad("a JSON object", "an empty line")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw bad("UTF-8", "bytes that are not UTF-8")
    }
    guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
      throw bad("a JSON object", "a byte order mark before it")
    }
    do {
      var reader = try JSONReader(try JSONValue(parsing: bytes))
      let text = try reader.neededString("text")
      guard text.contains(where: { !$0.isWhitespace }) else {
        throw bad("a `text` that is not empty", "an empty text")
      }
      guard text.utf8.count <= textLimit else {
        throw bad("a `text` of at most \(textLimit) bytes", "\(text.utf8.count) bytes")
      }
      let expectation = try Self.expectation(&reader, kind: kind, bad: bad)
      try reader.finish()
      return SourceExample(text: text, expectation: expectation, line: line)
    } catch let error as JSONSyntaxError {
      throw bad("one JSON object", "\(error.reason) (byte \(error.offset))")
    } catch let error as JSONSchemaError {
      throw bad("`\(error.path)`: \(error.expected)", error.got)
    }
  }

  private static func expectation(
    _ reader: inout JSONReader, kind: Kind, bad: (String, String) -> SourceError
  ) throws -> Expectation? {
    let task: TaskKind
    switch kind {
    case .negatives: return nil
    case .training(let kind): task = kind
    case .eval(let kind):
      task = kind
      guard let expect = try reader.optionalString("expect") else { break }
      guard expect == "none", reader.optional("label") == nil else {
        throw bad("`expect` to be `none`, without a label", "`\(expect)`")
      }
      return Expectation.none
    }
    guard task == .classify else { return try reader.expectation(of: task) }
    return .label(try reader.line("label", limit: labelLimit))
  }
}

extension String {
  /// The text without white space at both ends.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
