public import MoEBase
public import MoEPackFormat

/// `pack.yaml`, read and checked: what a vendor says about a pack.
public struct PackDescription: Sendable, Equatable {
  /// `namespace/name`.
  public var pack: PackName
  /// Semantic version, for people.
  public var version: SemanticVersion
  /// Whole number that only ever rises: what rollback protection compares.
  public var release: Int
  /// One line for people.
  public var summary: String
  /// Languages, jurisdictions and the date the content stands for.
  public var about: Manifest.About
  /// An SPDX expression.
  public var license: String
  /// The name of the backbone.
  public var backbone: String
  /// The tasks, by name.
  public var tasks: [Task]
  /// The eval sets, by name.
  public var evals: [Eval]
  /// The shape of the experts, if the vendor chooses it.
  public var experts: Experts?
  /// The directory of experts that were trained elsewhere.
  public var tensors: String?
  /// The share of the pack's own texts that is to reach it, if the vendor says it; more of them bring more texts near
  /// the domain with them.
  public var recall: Double?
  /// Packs whose domains overlap this one's on purpose.
  public var overlaps: [PackName]
  /// Packs that must be installed beside this one.
  public var requires: [PackRequirement]
  /// Packs that must not be.
  public var conflicts: [PackName]
  /// Packs whose place this one takes.
  public var supersedes: [PackName]
  /// Seeds everything random.
  public var seed: UInt64

  /// A task.
  public struct Task: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// What kind of thing it predicts.
    public var kind: TaskKind
    /// Rises when results are no longer comparable with those of earlier releases.
    public var version: Int
    /// How answers of a `generate` task are asked for.
    public var completion: CompletionSettings?
    /// What stands between the labels of a `tag` task in a field of a delimited file.
    public var separator: String = ";"
    /// The training file.
    public var train: String
    /// The validation file; a seeded tenth of every label of train where absent.
    public var valid: String?
    /// The label file, if there is one.
    public var labels: String?
    /// The file of texts near the domain that are not the pack's to answer, if there is one.
    public var negatives: String?
  }

  /// An eval set.
  public struct Eval: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// The task it measures.
    public var task: String
    /// The file.
    public var data: String
    /// What is counted.
    public var metric: String
    /// The worst result the vendor signs for.
    public var floor: Double
  }

  /// The shape of the experts.
  public struct Experts: Sendable, Equatable {
    /// How many of the top layers hold experts.
    public var layers: Int
    /// F.
    public var width: Int
    /// E.
    public var count: Int
    /// K.
    public var topK: Int
  }
}

extension PackDescription {
  /// The name of the file.
  public static let fileName = "pack.yaml"

  /// Reads the file's value.
  ///
  /// - Throws: ``SourceError/badField(file:path:expected:got:)`` for the first field that is wrong.
  public init(_ value: JSONValue) throws {
    do {
      var reader = try JSONReader(value)
      pack = try reader.parsed("pack", "`namespace/name` in lower case, digits and hyphens") {
        PackName($0)
      }
      version = try reader.parsed("version", "a semantic version such as `1.0.0`") {
        SemanticVersion($0)
      }
      release = try reader.neededInteger("release", in: 1...1_000_000_000)
      summary = try reader.line("summary", limit: 300)
      license = try reader.line("license", limit: 100)
      backbone = try reader.line("backbone", limit: 100)
      about = try Self.about(try reader.neededObject("about"))
      tasks = try Self.tasks(try reader.neededObject("tasks"))
      evals = try Self.evals(try reader.neededObject("evals"), tasks: tasks)
      let needsLanguageModel = tasks.contains(where: \.kind.needsLanguageModel)
      let named = try reader.expertMembers()
      tensors =
        needsLanguageModel || named.contains("tensors") ? try Self.tensors(&reader) : nil
      experts = tensors == nil && !needsLanguageModel ? try Self.experts(&reader) : nil
      recall =
        reader.optional("recall") == nil ? nil : try reader.neededNumber("recall", in: 0.5...0.99)
      overlaps = try Self.packs("overlaps", &reader)
      requires = try Self.requirements(&reader)
      conflicts = try Self.packs("conflicts", &reader)
      supersedes = try Self.packs("supersedes", &reader)
      seed =
        reader.optional("seed") == nil ? 1 : UInt64(try reader.integer("seed", in: 0...Int.max))
      try reader.finish()
    } catch let error as JSONSchemaError {
      throw SourceError.badField(
        file: Self.fileName, path: error.path, expected: error.expected, got: error.got)
    }
  }

  private static func about(_ object: JSONReader) throws -> Manifest.About {
    var reader = object
    let languages = try codes("languages", &reader)
    let jurisdictions =
      reader.optional("jurisdictions") == nil ? [] : try codes("jurisdictions", &reader)
    let date = try reader.parsed("asOf", "a date such as `2026-01-01`") { isDate($0) ? $0 : nil }
    try reader.finish()
    return Manifest.About(languages: languages, jurisdictions: jurisdictions, asOf: date)
  }

  private static func codes(_ key: String, _ reader: inout JSONReader) throws -> [String] {
    try reader.list(key, limit: 256, "a code of 2 to 16 letters, digits and hyphens") {
      isCode($0) ? $0 : nil
    }
  }

  private static func packs(_ key: String, _ reader: inout JSONReader) throws -> [PackName] {
    guard reader.optional(key) != nil else { return [] }
    var seen: Set<PackName> = []
    return try reader.list(key, limit: 1024, "the name of a pack, `namespace/name`, once") {
      PackName($0).flatMap { seen.insert($0).inserted ? $0 : nil }
    }
  }

  private static func requirements(_ reader: inout JSONReader) throws -> [PackRequirement] {
    guard reader.optional("requires") != nil else { return [] }
    var seen: Set<PackName> = []
    return try reader.list("requires", limit: 1024, PackRequirement.rule) { text in
      PackRequirement(text).flatMap { seen.insert($0.pack).inserted ? $0 : nil }
    }
  }

  private static func tasks(_ object: JSONReader) throws -> [Task] {
    var reader = object
    let tasks = try reader.keys.map { name in
      guard isName(name) else { throw badName(object.path(of: name), name) }
      var task = try reader.object(name)
      let word = try task.neededString("kind")
      guard let kind = TaskKind(rawValue: word) else {
        throw JSONSchemaError(
          path: task.path(of: "kind"),
          expected: TaskKind.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
          got: "`\(word)`")
      }
      let result = Task(
        name: name, kind: kind,
        version: task.optional("version") == nil
          ? 1 : try task.neededInteger("version", in: 1...1_000_000),
        completion: kind == .generate ? try completion(&task) : nil,
        separator: kind == .tag ? try separator(&task) : ";",
        train: try task.path("train"), valid: try task.optionalPath("valid"),
        labels: kind.hasLabels ? try task.optionalPath("labels") : nil,
        negatives: try task.optionalPath("negatives"))
      try task.finish()
      return result
    }
    guard tasks.count == 1 else {
      throw JSONSchemaError(
        path: object.path, expected: "one task", got: "\(tasks.count) tasks")
    }
    return tasks
  }

  private static func separator(_ task: inout JSONReader) throws -> String {
    guard task.optional("separator") != nil else { return ";" }
    return try task.parsed(
      "separator", "1 to 8 characters that are no letter, digit or quotation mark"
    ) {
      isSeparator($0) ? $0 : nil
    }
  }

  private static func completion(_ task: inout JSONReader) throws -> CompletionSettings {
    var settings = CompletionSettings()
    if task.optional("maxTokens") != nil {
      settings.maximumTokens = try task.neededInteger("maxTokens", in: 1...65_536)
    }
    if task.optional("stop") != nil {
      settings.stops = try task.list("stop", limit: 16, "a text of 1 to 64 bytes") {
        (1...64).contains($0.utf8.count) ? $0 : nil
      }
    }
    return settings
  }

  private static func evals(_ object: JSONReader, tasks: [Task]) throws -> [Eval] {
    var reader = object
    let evals = try reader.keys.map { name in
      guard isName(name) else { throw badName(object.path(of: name), name) }
      var eval = try reader.object(name)
      let taskName = try eval.neededString("task")
      guard let task = tasks.first(where: { $0.name.utf8.elementsEqual(taskName.utf8) }) else {
        throw JSONSchemaError(
          path: eval.path(of: "task"),
          expected: "one of the tasks \(tasks.map { "`\($0.name)`" }.joined(separator: ", "))",
          got: "`\(taskName)`")
      }
      let metric = try eval.neededString("metric")
      guard task.kind.metrics.contains(metric) else {
        throw JSONSchemaError(
          path: eval.path(of: "metric"),
          expected: task.kind.metrics.map { "`\($0)`" }.joined(separator: " or "),
          got: "`\(metric)`")
      }
      let result = Eval(
        name: name, task: task.name, data: try eval.path("data"), metric: metric,
        floor: try eval.neededNumber("floor", in: task.kind.metricRange))
      try eval.finish()
      return result
    }
    guard (1...64).contains(evals.count) else {
      throw JSONSchemaError(
        path: object.path, expected: "1 to 64 eval sets",
        got: evals.isEmpty ? "none" : "\(evals.count)")
    }
    return evals
  }

  private static func experts(_ reader: inout JSONReader) throws -> Experts? {
    guard reader.optional("experts") != nil else { return nil }
    var experts = try reader.object("experts")
    let layers = try experts.neededInteger("layers", in: 0...64)
    let width = try experts.neededInteger("width", in: 1...4096)
    let count =
      experts.optional("count") == nil ? 1 : try experts.integer("count", in: 1...64)
    let topK = experts.optional("topK") == nil ? 1 : try experts.integer("topK", in: 1...count)
    try experts.finish()
    return Experts(layers: layers, width: width, count: count, topK: topK)
  }

  /// The directory of tensors that a pack brings.
  private static func tensors(_ reader: inout JSONReader) throws -> String? {
    guard reader.optional("experts") != nil else { return nil }
    var experts = try reader.object("experts")
    let path = try experts.path("tensors")
    try experts.finish()
    return path
  }

  private static func badName(_ path: String, _ name: String) -> JSONSchemaError {
    JSONSchemaError(
      path: path, expected: "a name of lower-case letters, digits, `-` and `_`", got: "`\(name)`")
  }
}

extension JSONReader {
  /// The keys of `experts`; none where it is absent.
  fileprivate mutating func expertMembers() throws(JSONSchemaError) -> [String] {
    guard optional("experts") != nil else { return [] }
    return try object("experts").keys
  }
}
