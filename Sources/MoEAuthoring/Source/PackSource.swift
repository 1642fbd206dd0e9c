public import Foundation
import MoEBase
import MoEEval
public import MoEPackFormat

/// A pack source: a directory with `pack.yaml`, data, evals, a card and a licence, read and checked.
public struct PackSource: Sendable {
  /// Where it lies.
  public let directory: URL
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
  /// - Throws: ``SourceError`` for the first fault.
  public init(directory: URL, allowsNearDuplicates: Bool = false) throws {
    self.directory = directory
    func url(_ name: String) -> URL { directory.appending(path: name) }
    let yaml = try YAMLDocument.read(
      url(PackDescription.fileName), name: PackDescription.fileName, neededBy: "a pack source")
    description = try PackDescription(yaml)
    guard let task = description.tasks.first else {
      throw SourceError.badField(
        file: PackDescription.fileName, path: "tasks", expected: "one task", got: "none")
    }
    let owner = "`tasks.\(task.name)` in `pack.yaml`"
    train = try ExampleFile(
      url(task.train), name: task.train, kind: .training, neededBy: owner)
    valid = try task.valid.map {
      try ExampleFile(url($0), name: $0, kind: .training, neededBy: owner)
    }
    negatives = try task.negatives.map {
      try ExampleFile(url($0), name: $0, kind: .negatives, neededBy: owner)
    }
    evals = try description.evals.map { eval in
      let owner = "`evals.\(eval.name)` in `pack.yaml`"
      return (
        eval, try ExampleFile(url(eval.data), name: eval.data, kind: .eval, neededBy: owner)
      )
    }
    card = try SourceFile.bytes(
      url("CARD.md"), name: "CARD.md", neededBy: "a pack source", limit: 1 << 20)
    license = try SourceFile.bytes(
      url("LICENSE"), name: "LICENSE", neededBy: "a pack source", limit: 1 << 20)
    (labels, catalog) = try Self.labels(task, train: train, directory: directory)
    nearDuplicatesAllowed = allowsNearDuplicates
    try check(task: task)
  }

  private static func labels(
    _ task: PackDescription.Task, train: ExampleFile, directory: URL
  ) throws -> ([String], LabelCatalog) {
    let used = Set(train.examples.compactMap(\.label))
    var catalog = LabelCatalog()
    guard let name = task.labels else { return (Self.sorted(used), catalog) }
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
        var entry = try reader.object(label)
        catalog[task.name, label] = LabelCatalog.Label(
          title: try entry.string("title"), authority: try entry.optionalString("authority"),
          note: try entry.optionalString("note"))
        try entry.finish()
      }
      return (Self.sorted(Set(listed)), catalog)
    } catch let error as JSONSchemaError {
      throw SourceError.badField(
        file: name, path: error.path, expected: error.expected, got: error.got)
    }
  }

  private static func sorted(_ labels: Set<String>) -> [String] {
    labels.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  private func check(task: PackDescription.Task) throws {
    let known = Set(labels)
    for file in [train, valid].compactMap(\.self) + evals.map(\.file) {
      for example in file.examples {
        guard let label = example.label, !known.contains(label) else { continue }
        throw SourceError.unknownLabel(
          file: file.name, line: example.line, label: label, labelFile: task.labels ?? task.train)
      }
    }
    for label in labels {
      let count = train.examples.count { $0.label == label }
      guard count >= Self.leastTexts else {
        throw SourceError.rareLabel(
          file: train.name, label: label, count: count, least: Self.leastTexts)
      }
    }
    try LeakCheck(source: self).run()
  }
}

extension SourceExample {
  /// The label, if the example carries one.
  public var label: String? {
    if case .label(let label) = expectation { return label }
    return nil
  }
}
