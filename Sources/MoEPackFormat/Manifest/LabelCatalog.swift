public import MoEBase

/// What `labels.json` says of labels to people: their title, their authority, a note.
///
/// ```
/// {"issue": {"arrest-of-ship": {"title": "Arrest of a ship", "authority": "…", "note": "…"}}}
/// ```
///
/// A label without an entry is shown by its id. Labels are told apart by their bytes.
public struct LabelCatalog: Sendable, Equatable {
  /// What a person is shown of a label.
  public struct Label: Sendable, Equatable {
    /// Its title.
    public var title: String
    /// The act and section, article or rule it rests on.
    public var authority: String?
    /// Anything else worth a line.
    public var note: String?

    /// Makes the entry of a label.
    public init(title: String, authority: String? = nil, note: String? = nil) {
      self.title = title
      self.authority = authority
      self.note = note
    }
  }

  private var tasks: [[UInt8]: [[UInt8]: Label]] = [:]

  /// Starts without labels.
  public init() {}

  /// What is said of a label of a task.
  public subscript(task: String, label: String) -> Label? {
    get { tasks[Array(task.utf8)]?[Array(label.utf8)] }
    set { tasks[Array(task.utf8), default: [:]][Array(label.utf8)] = newValue }
  }

  /// Reads the catalog strictly; unknown keys of a label are refused.
  ///
  /// - Throws: `JSONSchemaError` with the path.
  public init(json: JSONValue) throws(JSONSchemaError) {
    for task in try Self.members(json, path: "") {
      tasks[Array(task.key.utf8)] = [:]
      for label in try Self.members(task.value, path: task.key) {
        var entry = try JSONReader(label.value, path: "\(task.key).\(label.key)")
        self[task.key, label.key] = Label(
          title: try entry.shownText("title", atMost: 300),
          authority: try entry.optionalShownText("authority", atMost: 500),
          note: try entry.optionalShownText("note", atMost: 2000))
        try entry.finish()
      }
    }
  }

  private static func members(
    _ json: JSONValue, path: String
  ) throws(JSONSchemaError) -> [JSONMember] {
    if case .object(let members) = json { return members }
    throw JSONSchemaError(
      path: path.isEmpty ? "the document" : path, expected: "an object", got: json.kind)
  }

  /// The catalog as JSON, tasks and labels in the order of their bytes.
  public var json: JSONValue {
    .object(
      Self.sorted(tasks).map { task, labels in
        JSONMember(
          task,
          .object(Self.sorted(labels).map { JSONMember($0.0, $0.1.json) }))
      })
  }

  /// The bytes of `labels.json`.
  public var bytes: [UInt8] { json.bytes }

  /// Checks that the catalog speaks of no task and no label that the manifest does not have.
  func check(against manifest: Manifest) throws(JSONSchemaError) {
    for (task, labels) in Self.sorted(tasks) {
      guard let known = manifest.task(task) else {
        throw JSONSchemaError(
          path: escaped(task), expected: "a task of the manifest", got: "another")
      }
      let ids = Set(known.labels.map { Array($0.utf8) })
      for (label, _) in Self.sorted(labels) where !ids.contains(Array(label.utf8)) {
        throw JSONSchemaError(
          path: "\(escaped(task)).\(escaped(label))", expected: "a label of the manifest",
          got: "another")
      }
    }
  }

  private static func sorted<Value>(_ members: [[UInt8]: Value]) -> [(String, Value)] {
    members.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      .map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
  }
}

extension LabelCatalog.Label {
  fileprivate var json: JSONValue {
    var members = [JSONMember("title", .string(title))]
    if let authority { members.append(JSONMember("authority", .string(authority))) }
    if let note { members.append(JSONMember("note", .string(note))) }
    return .object(members)
  }
}

extension JSONReader {
  fileprivate mutating func optionalShownText(
    _ key: String, atMost most: Int
  ) throws(JSONSchemaError) -> String? {
    optional(key) == nil ? nil : try shownText(key, atMost: most)
  }
}
