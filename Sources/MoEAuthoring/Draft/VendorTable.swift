public import Foundation
import MoEBase
import MoEPackFormat

/// Texts and labels as a vendor has them: a file, or a Hugging Face data set, with columns of any name.
public struct VendorTable: Sendable {
  /// One text.
  public struct Row: Sendable, Equatable {
    /// The text.
    public let text: String
    /// Its label; `nil` where the table has none.
    public let label: String?
    /// Where it stands.
    let place: LeakCheck.Place
  }

  /// Which columns hold what.
  public struct Columns: Sendable {
    /// The column of texts; told by its name where absent.
    public var text: String?
    /// The column of labels; told by its name where absent.
    public var label: String?
    /// The configuration of a data set; its default where absent.
    public var configuration: String?

    /// Makes the choice.
    public init(text: String? = nil, label: String? = nil, configuration: String? = nil) {
      self.text = text
      self.label = label
      self.configuration = configuration
    }
  }

  /// The texts to learn from.
  public private(set) var train: [Row] = []
  /// The texts held out for choosing an epoch, where the data set brings them.
  public private(set) var valid: [Row] = []
  /// The texts to measure by, where the data set brings them.
  public private(set) var test: [Row] = []
  /// Rows that have no text, or no label.
  public private(set) var leftOut: [String] = []

  /// Makes a table of texts to learn from.
  init(train: [Row]) { self.train = train }

  private static let textNames = [
    "text", "sentence", "utterance", "query", "question", "content", "message", "description",
    "body",
  ]
  private static let labelNames = [
    "label", "label_text", "category", "intent", "class", "topic", "labels", "target",
  ]

  /// Reads a file or a directory.
  ///
  /// - Parameters:
  ///   - url: The file, or the directory of a data set.
  ///   - name: What error sentences call it.
  ///   - columns: Which columns hold what.
  ///   - hasLabels: Whether every row is to have a label.
  /// - Throws: ``SourceError``.
  public init(
    _ url: URL, name: String, columns: Columns = Columns(), hasLabels: Bool = true
  ) throws {
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
    guard exists, isDirectory.boolValue else {
      train = try rows(
        url, name: name, columns: columns, classNames: { _ in nil }, hasLabels: hasLabels)
      guard !train.isEmpty else { throw SourceError.noExamples(file: name) }
      return
    }
    let set = try DataSetDirectory(url, name: name, configuration: columns.configuration)
    func read(_ split: DataSetDirectory.Split) throws -> [Row] {
      try (set.files[split] ?? []).flatMap { path in
        try rows(
          url.appending(path: path), name: "\(name)/\(path)", columns: columns,
          classNames: { set.card.classNames(of: $0, configuration: set.configuration) },
          hasLabels: hasLabels)
      }
    }
    train = try read(.train)
    valid = try read(.valid)
    do {
      test = try read(.test)
    } catch SourceError.noColumn {
      // Test splits of competitions come without answers, and then measure nothing.
    }
    guard !train.isEmpty else { throw SourceError.noExamples(file: name) }
  }

  private mutating func rows(
    _ url: URL, name: String, columns: Columns, classNames: (String) -> [String]?, hasLabels: Bool
  ) throws -> [Row] {
    let format = try DataFormat(fileName: name)
    let bytes = try SourceFile.bytes(
      url, name: name, neededBy: "the pack's texts", limit: ExampleFile.sizeLimit)
    let rows = try DataRows(file: name).read(bytes, format: format).map { try $0.get() }
    guard let first = rows.first else { return [] }
    let names = Self.names(rows.prefix(100))
    let textColumn = try Self.column(
      columns.text, among: Self.textNames, of: names, what: "texts", option: "--text-column",
      file: name, line: first.line)
    let labelColumn =
      hasLabels
      ? try Self.column(
        columns.label, among: Self.labelNames, of: names, what: "labels",
        option: "--label-column", file: name, line: first.line) : nil
    let classes = labelColumn.flatMap(classNames)
    var result: [Row] = []
    for row in rows {
      let place = LeakCheck.Place(file: name, line: row.line)
      guard case .string(let text)? = row.value[textColumn],
        text.contains(where: { !$0.isWhitespace }), text.utf8.count <= ExampleFile.textLimit
      else {
        leftOut.append(place.description)
        continue
      }
      guard let labelColumn else {
        result.append(Row(text: text, label: nil, place: place))
        continue
      }
      guard let value = row.value[labelColumn], value != .null, value != .integer(Int64(-1)) else {
        leftOut.append(place.description)
        continue
      }
      let label = try Self.label(value, classes: classes, file: name, line: row.line)
      result.append(Row(text: text, label: label, place: place))
    }
    return result
  }

  /// The keys of rows, in the order they come.
  private static func names(_ rows: ArraySlice<DataRow>) -> [String] {
    var names: [String] = []
    for row in rows {
      guard case .object(let members) = row.value else { continue }
      for key in members.map(\.key) + row.places.keys.sorted() where !names.contains(key) {
        names.append(key)
      }
    }
    return names
  }

  private static func column(
    _ wanted: String?, among usual: [String], of names: [String], what: String, option: String,
    file: String, line: Int
  ) throws(SourceError) -> String {
    if let wanted, names.contains(wanted) { return wanted }
    if wanted == nil {
      for name in usual {
        if let found = names.first(where: { $0.lowercased() == name }) { return found }
      }
    }
    throw SourceError.noColumn(
      file: file, what: what, wanted: wanted.map { [$0] } ?? usual, option: option, names: names)
  }

  private static func label(
    _ value: JSONValue, classes: [String]?, file: String, line: Int
  ) throws(SourceError) -> String {
    var label: String
    switch value {
    case .string(let text): label = text.trimmed
    case .integer(let number):
      label = String(number)
      if let classes {
        guard let index = Int(exactly: number), classes.indices.contains(index) else {
          throw SourceError.badLine(
            file: file, line: line,
            expected: "a class from 0 to \(classes.count - 1), as the card names",
            got: "\(number)")
        }
        label = classes[index].trimmed
      }
    case .boolean(let value): label = String(value)
    default:
      throw SourceError.badLine(
        file: file, line: line, expected: "one label: a text or a whole number", got: value.kind)
    }
    guard isShownText(label, atMost: ExampleFile.labelLimit) else {
      throw SourceError.badLine(
        file: file, line: line,
        expected: "a label of 1 to \(ExampleFile.labelLimit) bytes without control characters",
        got: "`\(label.prefix(80))`")
    }
    return label
  }
}
