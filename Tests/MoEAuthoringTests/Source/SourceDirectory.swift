import Foundation
import MoEAuthoring
import MoEBase
import MoETestSupport

/// A pack source on disk that is right in everything, until a test changes a file.
struct SourceDirectory {
  /// Path to bytes.
  var files: [String: [UInt8]]

  /// `pack.yaml` as it is right.
  static let yaml = """
    pack: example/law
    version: 1.0.0
    release: 1
    summary: A law
    about: {languages: [en], jurisdictions: [SG], asOf: 2026-01-01}
    license: Apache-2.0
    backbone: tiny
    tasks:
      issue:
        kind: classify
        train: data/train.jsonl
        valid: data/valid.jsonl
        labels: labels.yaml
        negatives: data/negatives.jsonl
    evals:
      issue: {task: issue, data: evals/issue.jsonl, metric: accuracy, floor: 0.5}
    experts: {layers: 2, width: 8, count: 3, topK: 2}
    overlaps: [other/law]
    seed: 7

    """

  init() {
    files = [
      "pack.yaml": Array(Self.yaml.utf8),
      "labels.yaml": Array(
        "arrest: {title: Arrest of a ship, authority: s 3}\ncargo: {title: Cargo}\n".utf8),
      "CARD.md": Array("# A law\n".utf8), "LICENSE": Array("Apache-2.0\n".utf8),
    ]
    set(
      "data/train.jsonl",
      (0..<5).flatMap { [("arrest", "ship number \($0)"), ("cargo", "box number \($0)")] })
    set("data/valid.jsonl", [("arrest", "another vessel"), ("cargo", "another crate")])
    self["data/negatives.jsonl"] = #"{"text": "the price of a cruise"}"# + "\n"
    set(
      "evals/issue.jsonl",
      [("arrest", "may we hold the tanker"), ("cargo", "who pays for wet rice")])
    self["evals/issue.jsonl"] += #"{"text": "a recipe for soup", "expect": "none"}"# + "\n"
  }

  /// A file as text.
  subscript(name: String) -> String {
    get { String(decoding: files[name] ?? [], as: UTF8.self) }
    set { files[name] = Array(newValue.utf8) }
  }

  /// Writes labelled examples.
  mutating func set(_ name: String, _ examples: [(label: String, text: String)]) {
    self[name] = examples.map { label, text in
      let line: JSONValue = ["text": .string(text), "label": .string(label)]
      return line.text + "\n"
    }.joined()
  }

  /// Replaces a piece of `pack.yaml`.
  mutating func replace(_ piece: String, by other: String) {
    self["pack.yaml"] = self["pack.yaml"].replacingOccurrences(of: piece, with: other)
  }

  /// Reads the source as it stands.
  func read(allowsNearDuplicates: Bool = false) throws -> PackSource {
    let directory = try TemporaryDirectory()
    for (name, bytes) in files {
      let file = directory.url.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    return try PackSource(
      directory: directory.url, allowsNearDuplicates: allowsNearDuplicates,
      backbones: ["tiny", "small"])
  }

  /// The error that reading it gives.
  func refusal(allowsNearDuplicates: Bool = false) -> SourceError? {
    do {
      _ = try read(allowsNearDuplicates: allowsNearDuplicates)
      return nil
    } catch {
      return error as? SourceError
    }
  }
}
