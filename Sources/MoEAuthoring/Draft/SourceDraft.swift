public import Foundation
import MoEBase
public import MoEPackFormat

/// The beginning of a pack source: a table divided into training and evals, and the files around it.
public struct SourceDraft: Sendable {
  /// What the vendor says of the pack.
  public struct Facts: Sendable {
    /// `namespace/name`.
    public var pack: PackName
    /// One line for people.
    public var summary: String
    /// An SPDX expression.
    public var license: String
    /// Who holds the rights.
    public var holder: String
    /// What its texts are written in.
    public var languages: [String]
    /// Where its content is true.
    public var jurisdictions: [String]
    /// The day its content stands for, `YYYY-MM-DD`.
    public var asOf: String
    /// The name of the task, and of its eval set.
    public var task: String
    /// The name of the backbone.
    public var backbone: String
    /// Seeds the division.
    public var seed: UInt64

    /// States them.
    public init(
      pack: PackName, summary: String, license: String, holder: String, languages: [String],
      jurisdictions: [String], asOf: String, task: String, backbone: String, seed: UInt64
    ) {
      self.pack = pack
      self.summary = summary
      self.license = license
      self.holder = holder
      self.languages = languages
      self.jurisdictions = jurisdictions
      self.asOf = asOf
      self.task = task
      self.backbone = backbone
      self.seed = seed
    }
  }

  /// The facts it was drafted from.
  public let facts: Facts
  /// The texts, divided.
  public let division: TextDivision
  /// Texts near the domain that are not the pack's to answer.
  public let negatives: [String]
  /// The worst result that the eval may have: what naming the most frequent label, or always the same labels, would
  /// give.
  public let floor: Double

  /// Drafts a source.
  ///
  /// - Parameters:
  ///   - facts: What the vendor says.
  ///   - division: The texts.
  ///   - negatives: Texts near the domain that are not the pack's; what stands in the division is left out.
  public init(facts: Facts, division: TextDivision, negatives: [String] = []) {
    self.facts = facts
    self.division = division
    let own = ShingleIndex((division.train + division.valid + division.eval).map(\.text))
    var seen: Set<[UInt8]> = []
    self.negatives = negatives.filter {
      own.nearDuplicates(of: $0).isEmpty && seen.insert(Array($0.utf8)).inserted
    }
    guard division.kind == .classify else {
      floor = (TagBaseline(division.eval.map(\.labels)).microF1 * 100).rounded(.down) / 100
      return
    }
    let counts = Dictionary(division.eval.map { ($0.labels.first ?? "", 1) }, uniquingKeysWith: +)
    let most = Double(counts.values.max() ?? 0) / Double(max(1, division.eval.count))
    floor = counts.count > 1 ? (most * 100).rounded(.down) / 100 : 0.5
  }

  /// Every file of the source, by path.
  public var files: [(path: String, bytes: [UInt8])] {
    var files: [(path: String, bytes: [UInt8])] = [
      ("pack.yaml", Array(description.utf8)),
      ("labels.yaml", Array(labels.utf8)),
      ("CARD.md", Array(card.utf8)),
      ("LICENSE", Array(license.utf8)),
      ("data/train.jsonl", lines(division.train)),
      ("evals/\(facts.task).jsonl", lines(division.eval)),
    ]
    if !division.valid.isEmpty { files.append(("data/valid.jsonl", lines(division.valid))) }
    if !negatives.isEmpty {
      files.append(
        (
          "data/negatives.jsonl",
          negatives.flatMap { JSONValue.object([JSONMember("text", .string($0))]).bytes + [0x0A] }
        ))
    }
    return files
  }

  /// Writes every file into a directory that is not there yet, or is empty; all of them, or none.
  ///
  /// - Throws: ``SourceError/directoryInUse(path:)``; whatever writing throws.
  public func write(to directory: URL) throws {
    try Self.checkFree(directory)
    let manager = FileManager.default
    let parent = directory.standardizedFileURL.deletingLastPathComponent()
    let staging = parent.appending(
      path: ".\(directory.lastPathComponent).\(UUID().uuidString)", directoryHint: .isDirectory)
    defer { try? manager.removeItem(at: staging) }
    for file in files {
      let target = staging.appending(path: file.path)
      try manager.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.bytes).write(to: target)
    }
    guard rename(staging.path, directory.path) == 0 else {
      throw SourceError.unreadable(
        path: directory.path, reason: String(cString: strerror(errno)))
    }
  }

  /// Refuses a directory that has something in it.
  ///
  /// - Throws: ``SourceError/directoryInUse(path:)``.
  public static func checkFree(_ directory: URL) throws(SourceError) {
    guard FileManager.default.fileExists(atPath: directory.path) else { return }
    let content = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
    guard content?.isEmpty == true else { throw SourceError.directoryInUse(path: directory.path) }
  }

  private func lines(_ rows: [VendorTable.Row]) -> [UInt8] {
    rows.flatMap { row -> [UInt8] in
      let answer =
        division.kind == .tag
        ? JSONMember("labels", .array(row.labels.map(JSONValue.string)))
        : row.labels.first.map { JSONMember("label", .string($0)) } ?? JSONMember("expect", "none")
      return JSONValue.object([JSONMember("text", .string(row.text)), answer]).bytes + [0x0A]
    }
  }
}
