public import Foundation
public import MoEBase
import MoEPackFormat

/// Texts and labels as a vendor has them: a file, or a Hugging Face data set, with columns of any name.
public struct VendorTable: Sendable {
  /// One text.
  public struct Row: Sendable, Equatable {
    /// The text.
    public let text: String
    /// Its labels: one, or of a `tag` task any number; none where the table has none.
    public internal(set) var labels: [String]
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
    /// Whether a text has one label or any number; where absent, any number if the column holds lists.
    public var kind: TaskKind?
    /// What stands between the labels of a text, where a column holds them as one word.
    public var separator: String

    /// Makes the choice.
    public init(
      text: String? = nil, label: String? = nil, configuration: String? = nil,
      kind: TaskKind? = nil, separator: String = ";"
    ) {
      self.text = text
      self.label = label
      self.configuration = configuration
      self.kind = kind
      self.separator = separator
    }
  }

  /// Whether a text has one label (`classify`) or any number (`tag`).
  public private(set) var kind = TaskKind.classify
  /// The texts to learn from.
  public private(set) var train: [Row] = []
  /// The texts held out for choosing an epoch, where the data set brings them.
  public private(set) var valid: [Row] = []
  /// The texts to measure by, where the data set brings them.
  public private(set) var test: [Row] = []
  /// Rows that have no text, or no label.
  public private(set) var leftOut: [String] = []

  /// Makes a table of texts to learn from.
  init(train: [Row], kind: TaskKind = .classify) {
    self.train = train
    self.kind = kind
  }

  private static let textNames = [
    "text", "sentence", "utterance", "query", "question", "content", "message", "description",
    "body",
  ]
  private static let labelNames = [
    "label", "label_text", "category", "intent", "class", "topic", "labels", "target",
  ]
  private static let tagNames = ["labels", "tags", "categories", "topics", "label_texts"]

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
        columns.label,
        among: columns.kind == .tag ? Self.tagNames + Self.labelNames : Self.labelNames, of: names,
        what: "labels",
        option: "--label-column", file: name, line: first.line) : nil
    let classes = labelColumn.flatMap(classNames)
    if let labelColumn, train.isEmpty, valid.isEmpty {
      let holdsLists = rows.contains { row in
        if case .array = row.value[labelColumn] { true } else { false }
      }
      kind = columns.kind ?? (holdsLists ? .tag : .classify)
    }
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
        result.append(Row(text: text, labels: [], place: place))
        continue
      }
      // An empty field of a delimited file is not there: of a text with any number of labels it says none.
      let isBare = kind == .tag && !row.places.isEmpty
      let found = row.value[labelColumn] ?? (isBare ? .array([]) : .null)
      guard found != .null, found != .integer(Int64(-1)) else {
        leftOut.append(place.description)
        continue
      }
      let labels = try labelValues(found, separator: columns.separator).map { value in
        try Self.label(value, classes: classes, file: name, line: row.line)
      }
      result.append(Row(text: text, labels: Self.unique(labels), place: place))
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

  /// The labels of a cell, each by itself.
  private func labelValues(_ value: JSONValue, separator: String) -> [JSONValue] {
    guard kind == .tag else { return [value] }
    switch value {
    case .array(let values): return values
    case .string(let text):
      return text.components(separatedBy: separator).map(\.trimmed).filter { !$0.isEmpty }
        .map(JSONValue.string)
    default: return [value]
    }
  }

  private static func unique(_ labels: [String]) -> [String] {
    var seen: Set<[UInt8]> = []
    return labels.filter { seen.insert(Array($0.utf8)).inserted }
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
