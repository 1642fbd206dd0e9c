public import Foundation
import MoEBase
import MoEEval
public import MoEModel
public import MoEPackFormat

/// A pack source: a directory with `pack.yaml`, data, evals, a card and a licence, read and checked.
public struct PackSource: Sendable {
  /// Where it lies.
  public let directory: URL
  /// Its one task.
  public let task: PackDescription.Task
  /// `pack.yaml`.
  public let description: PackDescription
  /// The task's training texts.
  public let train: ExampleFile
  /// The validation texts, where the source brings them.
  public let valid: ExampleFile?
  /// Texts near the domain that are not the pack's to answer, where the source brings them.
  public let negatives: ExampleFile?
  /// The labels, in the order of their bytes.
  public let labels: [String]
  /// What to show a person for each label.
  public let catalog: LabelCatalog
  /// The eval sets, in the order of `pack.yaml`.
  public let evals: [(description: PackDescription.Eval, file: ExampleFile)]
  /// `CARD.md`.
  public let card: [UInt8]
  /// `LICENSE`.
  public let license: [UInt8]
  /// Whether near duplicates between training and evals were let pass.
  public let nearDuplicatesAllowed: Bool

  /// The least training texts a label needs.
  public static let leastTexts = 4

  /// Reads a source and checks it: schema, labels, duplicate lines, leaks from training into the evals.
  ///
  /// - Parameters:
  ///   - directory: The source.
  ///   - allowsNearDuplicates: Lets eval texts pass that stand in training almost word for word.
  ///   - backbones: The names of the backbones that there are.
  /// - Throws: ``SourceError`` for the first fault.
  public init(
    directory: URL, allowsNearDuplicates: Bool = false,
    backbones: [String] = KnownBackbone.all.map(\.name)
  ) throws {
    self.directory = directory
    func url(_ name: String) -> URL { directory.appending(path: name) }
    guard FileManager.default.fileExists(atPath: url(PackDescription.fileName).path) else {
      throw SourceError.noSource(directory: directory.path)
    }
    let yaml = try YAMLDocument.read(
      url(PackDescription.fileName), name: PackDescription.fileName, neededBy: "a pack source")
    description = try PackDescription(yaml)
    let backbone = description.backbone
    guard backbones.contains(where: { $0.utf8.elementsEqual(backbone.utf8) }) else {
      throw SourceError.badField(
        file: PackDescription.fileName, path: "backbone",
        expected: "a known backbone: " + backbones.map { "`\($0)`" }.joined(separator: ", "),
        got: "`\(backbone)`")
    }
    guard let task = description.tasks.first else {
      throw SourceError.badField(
        file: PackDescription.fileName, path: "tasks", expected: "one task", got: "none")
    }
    self.task = task
    let owner = "`tasks.\(task.name)` in `pack.yaml`"
    train = try ExampleFile(
      url(task.train), name: task.train, kind: task.training, neededBy: owner)
    valid = try task.valid.map {
      try ExampleFile(url($0), name: $0, kind: task.training, neededBy: owner)
    }
    negatives = try task.negatives.map {
      try ExampleFile(url($0), name: $0, kind: .negatives, neededBy: owner)
    }
    evals = try description.evals.map { eval in
      let owner = "`evals.\(eval.name)` in `pack.yaml`"
      return (
        eval,
        try ExampleFile(
          url(eval.data), name: eval.data, kind: task.eval, neededBy: owner)
      )
    }
    card = try SourceFile.bytes(
      url("CARD.md"), name: "CARD.md", neededBy: "a pack source", limit: 1 << 20)
    license = try SourceFile.bytes(
      url("LICENSE"), name: "LICENSE", neededBy: "a pack source", limit: 1 << 20)
    (labels, catalog) =
      task.kind.hasLabels
      ? try Self.labels(task, train: train, directory: directory) : ([], LabelCatalog())
    nearDuplicatesAllowed = allowsNearDuplicates
    try check(task: task)
  }

  private static func labels(
    _ task: PackDescription.Task, train: ExampleFile, directory: URL
  ) throws -> ([String], LabelCatalog) {
    guard let name = task.labels else { return (try occurring(in: train), LabelCatalog()) }
    return try listedLabels(task, file: name, directory: directory)
  }

  /// The labels of a label file, and what it says of them.
  ///
  /// - Throws: ``SourceError``.
  static func listedLabels(
    _ task: PackDescription.Task, file name: String, directory: URL
  ) throws -> (labels: [String], catalog: LabelCatalog) {
    var catalog = LabelCatalog()
    let value = try YAMLDocument.read(
      directory.appending(path: name), name: name,
      neededBy: "`tasks.\(task.name).labels` in `pack.yaml`")
    do {
      var reader = try JSONReader(value)
      let listed = reader.keys
      guard !listed.isEmpty else {
        throw SourceError.badField(
          file: name, path: "the document", expected: "at least one label", got: "none")
      }
      for label in listed {
        guard isShownText(label, atMost: ExampleFile.labelLimit) else {
          throw JSONSchemaError(
            path: "the document",
            expected: "labels of 1 to \(ExampleFile.labelLimit) bytes without control characters "
              + "or outer spaces", got: "`\(label.prefix(80))`")
        }
        var entry = try reader.object(label)
        catalog[task.name, label] = LabelCatalog.Label(
          title: try entry.line("title", limit: 300),
          authority: try entry.optionalLine("authority", limit: 500),
          note: try entry.optionalLine("note", limit: 2000))
        try entry.finish()
      }
      return (sorted(listed), catalog)
    } catch let error as JSONSchemaError {
      throw SourceError.badField(
        file: name, path: error.path, expected: error.expected, got: error.got)
    }
  }

  /// The labels that occur.
  ///
  /// Two Unicode forms of one label are refused: whoever compares texts, and not
  /// bytes, would take them for one.
  private static func occurring(in file: ExampleFile) throws -> [String] {
    var first: [String: (label: String, line: Int)] = [:]
    for example in file.examples {
      for label in example.labels {
        guard let other = first[label] else {
          first[label] = (label, example.line)
          continue
        }
        guard other.label.utf8.elementsEqual(label.utf8) else {
          throw SourceError.badLine(
            file: file.name, line: example.line,
            expected: "label `\(label)` in the same bytes as on line \(other.line)",
            got: "another Unicode form of it")
        }
      }
    }
    guard !first.isEmpty else {
      throw SourceError.badLine(
        file: file.name, line: 1, expected: "some text to have a label", got: "no label at all")
    }
    return sorted(Array(first.keys))
  }

  private static func sorted(_ labels: [String]) -> [String] {
    labels.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  private func check(task: PackDescription.Task) throws {
    let known = Set(labels.map { Array($0.utf8) })
    for file in [train, valid].compactMap(\.self) + evals.map(\.file) {
      for example in file.examples {
        let strange = example.labels.first { !known.contains(Array($0.utf8)) }
        guard let label = strange else { continue }
        throw SourceError.unknownLabel(
          file: file.name, line: example.line, label: label, labelFile: task.labels ?? task.train)
      }
    }
    for eval in evals {
      // Where a text may have no label, F1 has something to count only where some text has one.
      let isMeasured = eval.file.examples.contains {
        task.kind == .tag ? !$0.labels.isEmpty : $0.hasAnswer
      }
      guard !isMeasured else { continue }
      throw SourceError.badField(
        file: PackDescription.fileName, path: "evals.\(eval.description.name).data",
        expected: task.kind == .tag
          ? "a file with at least one example that has a label"
          : "a file with at least one example that has an answer",
        got: "`\(eval.file.name)` without one")
    }
    var counts: [[UInt8]: Int] = [:]
    for label in train.examples.flatMap(\.labels) { counts[Array(label.utf8), default: 0] += 1 }
    for label in labels {
      let count = counts[Array(label.utf8)] ?? 0
      guard count >= Self.leastTexts else {
        throw SourceError.rareLabel(
          file: train.name, label: label, count: count, least: Self.leastTexts)
      }
    }
    try LeakCheck(source: self).run()
  }
}

extension SourceExample {
  /// Whether the pack is to answer it.
  var hasAnswer: Bool { expectation.map { $0 != .none } ?? false }

  /// The labels that the example carries.
  public var labels: [String] {
    switch expectation {
    case .label(let label): [label]
    case .labels(let labels): labels
    default: []
    }
  }
}
