public import Foundation
public import MoEBase
public import MoEEval
import MoEPackFormat

/// One line of a data file.
public struct SourceExample: Sendable, Equatable {
  /// The text.
  public let text: String
  /// What is right; `nil` in a file of negatives, which name no answer.
  public let expectation: Expectation?
  /// Where it stands, counted from 1.
  public let line: Int
}

/// A data file of examples: JSON Lines, or comma- or tab-separated fields under a line of names.
///
/// Nothing unknown is passed over: every key, or column, is one that the kind of file has.
public struct ExampleFile: Sendable {
  /// The path within the source, as `pack.yaml` spells it.
  public let name: String
  /// The digest of its bytes.
  public let digest: Digest
  /// Its bytes.
  public let bytes: [UInt8]
  /// Its examples, in the order of the file.
  public let examples: [SourceExample]
  private let format: DataFormat

  /// What examples of a file may say.
  public enum Kind: Sendable {
    /// `{"text"}` with what the kind of task expects: `{"text", "label"}` of `classify`. In a delimited file the labels of
    /// a `tag` task stand in one field, the separator between them.
    case training(TaskKind, separator: String = ";")
    /// The same, or `{"text", "expect": "none"}`.
    case eval(TaskKind, separator: String = ";")
    /// `{"text"}`.
    case negatives
  }

  /// The largest file that is read.
  static let sizeLimit = 1 << 30
  /// The longest text of one example, in bytes.
  static let textLimit = 1 << 20
  /// The longest label, in bytes.
  static let labelLimit = 128

  /// Reads a file, in the format that its name tells.
  ///
  /// - Throws: ``SourceError`` naming the first line that is wrong.
  public init(_ url: URL, name: String, kind: Kind, neededBy: String) throws {
    let bytes = try SourceFile.bytes(url, name: name, neededBy: neededBy, limit: Self.sizeLimit)
    try self.init(bytes: bytes, name: name, kind: kind)
  }

  /// Reads bytes, in the format that the name tells.
  ///
  /// - Throws: ``SourceError`` naming the first line that is wrong.
  public init(bytes: [UInt8], name: String, kind: Kind) throws {
    self.name = name
    self.bytes = bytes
    digest = Digest(of: bytes)
    format = try DataFormat(fileName: name)
    let results = Self.results(bytes: bytes, name: name, kind: kind, format: format)
    guard !results.isEmpty else { throw SourceError.noExamples(file: name) }
    examples = try results.map { try $0.get() }
  }

  /// What travels in a pack: the examples as JSON Lines, the very bytes where the file is written so.
  var jsonLines: [UInt8] {
    guard format != .jsonLines else { return bytes }
    return examples.flatMap { example -> [UInt8] in
      var members = [JSONMember("text", .string(example.text))]
      switch example.expectation {
      case .label(let label): members.append(JSONMember("label", .string(label)))
      case .labels(let labels):
        members.append(JSONMember("labels", .array(labels.map(JSONValue.string))))
      case Expectation.none?: members.append(JSONMember("expect", "none"))
      default: break
      }
      return JSONValue.object(members).bytes + [UInt8(ascii: "\n")]
    }
  }

  /// Every example of a file, or what is wrong in its place.
  static func results(
    bytes: [UInt8], name: String, kind: Kind, format: DataFormat
  ) -> [Result<SourceExample, SourceError>] {
    let rows = DataRows(file: name).read(bytes, format: format) { columns throws(SourceError) in
      try check(columns, file: name, kind: kind)
    }
    return rows.map { row in
      row.flatMap { row in
        Result { () throws(SourceError) in try example(row, file: name, kind: kind) }
      }
    }
  }

  /// Refuses the columns of a delimited file: one is missing, or nobody would read it.
  private static func check(
    _ columns: [DelimitedText.Field], file: String, kind: Kind
  ) throws(SourceError) {
    func bad(_ field: DelimitedText.Field, _ expected: String, _ got: String) -> SourceError {
      .badLine(
        file: file, line: field.line, column: field.column, expected: expected, got: got)
    }
    let known: [String]
    switch kind {
    case .negatives: known = ["text"]
    case .training(let task, _), .eval(let task, _):
      guard task.hasLabels else {
        throw bad(
          columns[0], "JSON Lines for a task of kind `\(task.rawValue)`", "columns")
      }
      let isEval = if case .eval = kind { true } else { false }
      known = ["text", task == .tag ? "labels" : "label"] + (isEval ? ["expect"] : [])
    }
    let names = known.map { "`\($0)`" }.joined(separator: ", ")
    for field in columns where !known.contains(where: { $0.utf8.elementsEqual(field.text.utf8) }) {
      throw bad(
        field, "one of the columns \(names) named by the first line",
        field.text.isEmpty ? "a column without a name" : "`\(field.text.prefix(80))`")
    }
    for name in known.prefix(2) where !columns.contains(where: { $0.text == name }) {
      throw bad(columns[0], "a column `\(name)` named by the first line", "none of that name")
    }
  }

  private static func example(
    _ row: DataRow, file: String, kind: Kind
  ) throws(SourceError) -> SourceExample {
    func bad(_ expected: String, _ got: String, _ key: String? = nil) -> SourceError {
      let place = key.flatMap { row.places[$0] }
      return .badLine(
        file: file, line: place?.line ?? row.line, column: place?.column, expected: expected,
        got: got)
    }
    do {
      var reader = try JSONReader(row.value)
      let isDelimited = !row.places.isEmpty
      if isDelimited, reader.optional("text") == nil {
        throw bad("a `text` that is not empty", "an empty text", "text")
      }
      let text = try reader.neededString("text")
      guard text.contains(where: { !$0.isWhitespace }) else {
        throw bad("a `text` that is not empty", "an empty text", "text")
      }
      guard text.utf8.count <= textLimit else {
        throw bad("a `text` of at most \(textLimit) bytes", "\(text.utf8.count) bytes", "text")
      }
      let expectation = try Self.expectation(
        &reader, kind: kind, isDelimited: isDelimited
      ) { bad($0, $1, "expect") }
      try reader.finish()
      return SourceExample(text: text, expectation: expectation, line: row.line)
    } catch let error as JSONSchemaError {
      throw bad("`\(error.path)`: \(error.expected)", error.got, error.path)
    } catch let error as SourceError {
      throw error
    } catch {
      preconditionFailure("reading an example throws a schema or source error")
    }
  }

  private static func expectation(
    _ reader: inout JSONReader, kind: Kind, isDelimited: Bool,
    bad: (String, String) -> SourceError
  ) throws -> Expectation? {
    let task: TaskKind
    let separator: String
    switch kind {
    case .negatives: return nil
    case .training(let kind, let mark): (task, separator) = (kind, mark)
    case .eval(let kind, let mark):
      (task, separator) = (kind, mark)
      guard let expect = try reader.optionalString("expect") else { break }
      guard expect == "none", reader.optional("label") == nil, reader.optional("labels") == nil
      else {
        throw bad("`expect` to be `none`, without a label", "`\(expect)`")
      }
      return Expectation.none
    }
    switch task {
    case .classify: return .label(try reader.line("label", limit: labelLimit))
    case .tag:
      return try tags(&reader, separator: isDelimited ? separator : nil)
    case .choose, .generate, .perplexity: return try reader.expectation(of: task)
    }
  }

  /// The labels of a line: a list, or in a delimited file one field, empty for none.
  private static func tags(
    _ reader: inout JSONReader, separator: String?
  ) throws(JSONSchemaError) -> Expectation {
    let expectation: Expectation
    if let separator {
      let field = try reader.optionalString("labels") ?? ""
      let parts = field.components(separatedBy: separator).map(\.trimmed)
      expectation = .labels(field.trimmed.isEmpty ? [] : parts)
    } else {
      expectation = try reader.expectation(of: .tag)
    }
    guard case .labels(let labels) = expectation else { return expectation }
    var seen: Set<[UInt8]> = []
    for label in labels {
      guard isShownText(label, atMost: labelLimit), seen.insert(Array(label.utf8)).inserted else {
        throw JSONSchemaError(
          path: reader.path(of: "labels"),
          expected:
            "labels of 1 to \(labelLimit) bytes without control characters or outer spaces, "
            + "none twice", got: "`\(label.prefix(80))`")
      }
    }
    return expectation
  }
}

extension String {
  /// The text without white space at both ends.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

extension PackDescription.Task {
  /// What its training files say.
  var training: ExampleFile.Kind { .training(kind, separator: separator) }
  /// What its evals say.
  var eval: ExampleFile.Kind { .eval(kind, separator: separator) }
}
