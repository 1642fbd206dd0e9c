import Foundation
import MoEBase
import MoEEval
import MoEPackFormat

/// Everything of a source that could be read, and what could not.
struct ReviewMaterial {
  let description: PackDescription
  /// Every text, in the order of the files.
  private(set) var texts: [ReviewedText] = []
  /// What reading met.
  private(set) var findings: [Finding] = []
  /// The labels that `labels.yaml` lists; `nil` without one.
  private(set) var listedLabels: [String]?
  /// `CARD.md`.
  private(set) var card = ""
  private let directory: URL

  /// Reads a source.
  ///
  /// - Throws: ``SourceError`` where there is no `pack.yaml` that can be read.
  init(_ directory: URL) throws {
    self.directory = directory
    let yaml = directory.appending(path: PackDescription.fileName)
    guard FileManager.default.fileExists(atPath: yaml.path) else {
      throw SourceError.noSource(directory: directory.path)
    }
    description = try PackDescription(
      try YAMLDocument.read(yaml, name: PackDescription.fileName, neededBy: "a pack source"))
    for task in description.tasks {
      read(task.train, task.training, role: .train)
      if let valid = task.valid { read(valid, task.training, role: .valid) }
      if let negatives = task.negatives { read(negatives, .negatives, role: .negative) }
      for eval in description.evals where eval.task == task.name {
        read(eval.data, task.eval, role: .eval)
      }
      readLabels(of: task)
    }
    for name in ["CARD.md", "LICENSE"] { readWhole(name) }
  }

  /// What kind of thing the pack predicts.
  var kind: TaskKind { description.tasks.first?.kind ?? .classify }

  /// The labels that occur in training texts, in the order of their bytes.
  var labels: [String] {
    Set(texts.filter { $0.role.isLearnt }.flatMap(\.labels).map { Array($0.utf8) })
      .sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// These, but for what `labels.yaml` does not list, where there is one.
  var expectedLabels: [String] {
    guard let listed = listedLabels.map(Set.init) else { return labels }
    return labels.filter(listed.contains)
  }

  /// The name of the label file, or of what takes its place.
  var labelFile: String {
    description.tasks.first.flatMap { $0.labels ?? $0.train } ?? PackDescription.fileName
  }

  private mutating func read(_ name: String, _ kind: ExampleFile.Kind, role: TextRole) {
    do {
      let format = try DataFormat(fileName: name)
      let bytes = try SourceFile.bytes(
        directory.appending(path: name), name: name, neededBy: "`pack.yaml`",
        limit: ExampleFile.sizeLimit)
      let results = ExampleFile.results(bytes: bytes, name: name, kind: kind, format: format)
      if results.isEmpty { throw SourceError.noExamples(file: name) }
      for result in results {
        switch result {
        case .success(let example):
          texts.append(ReviewedText(example, role: role, file: name))
        case .failure(let error): note(error, file: name)
        }
      }
    } catch let error as SourceError {
      note(error, file: name)
    } catch {
      note(.unreadable(path: name, reason: error.localizedDescription), file: name)
    }
  }

  private mutating func note(_ error: SourceError, file: String) {
    guard case .badLine(_, let line, _, _, let got) = error else {
      findings.append(Finding(error, marks: [Finding.Mark(file)]))
      return
    }
    let mark = Finding.Mark(file, line, detail: got)
    guard got != "an empty text" else {
      merge(
        "text-empty", "a text is empty or white space",
        advice: "write the text, or delete the line", mark)
      return
    }
    findings.append(Finding(error, marks: [mark]))
  }

  /// Adds a place to a finding that there may be already.
  private mutating func merge(
    _ code: String, _ message: String, advice: String, _ mark: Finding.Mark
  ) {
    let index = findings.firstIndex { $0.code == code }
    let marks = (index.map { findings.remove(at: $0).marks } ?? []) + [mark]
    findings.append(
      Finding(
        code, .fault, marks.count == 1 ? message : "\(marks.count) texts are empty or white space",
        advice: advice, marks: marks))
  }

  private mutating func readLabels(of task: PackDescription.Task) {
    guard let name = task.labels else { return }
    do {
      listedLabels = try PackSource.listedLabels(task, file: name, directory: directory).labels
    } catch let error as SourceError {
      findings.append(Finding(error, marks: [Finding.Mark(name)]))
    } catch {
      findings.append(
        Finding(.unreadable(path: name, reason: error.localizedDescription)))
    }
  }

  private mutating func readWhole(_ name: String) {
    do {
      let bytes = try SourceFile.bytes(
        directory.appending(path: name), name: name, neededBy: "a pack source", limit: 1 << 20)
      if name == "CARD.md" { card = String(decoding: bytes, as: UTF8.self) }
      guard bytes.contains(where: { !" \t\r\n".utf8.contains($0) }) else {
        findings.append(
          Finding(
            "file-empty", .warning, "`\(name)` is empty",
            advice: "say what the pack is, and what it may be used for",
            marks: [Finding.Mark(name)]))
        return
      }
    } catch let error as SourceError {
      findings.append(Finding(error, marks: [Finding.Mark(name)]))
    } catch {
      findings.append(Finding(.unreadable(path: name, reason: error.localizedDescription)))
    }
  }
}
