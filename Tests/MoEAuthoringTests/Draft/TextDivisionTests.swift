import Foundation
import MoEAuthoring
import MoEBase
import MoEPackFormat
import MoETestSupport
import Testing

@Suite struct TextDivisionTests {
  private static let openings = ["When does", "Why did", "Who said that", "How can", "Where will"]
  private static let subjects = [
    "the harbour master", "my neighbour", "an insurer", "the tenant upstairs", "a customs officer",
    "the night nurse", "our driver", "the auditor",
  ]

  /// Texts that are unlike one another.
  private func texts(_ count: Int, _ label: String) -> [(String, String)] {
    (0..<count).map { index in
      let subject = Self.subjects[index / Self.openings.count % Self.subjects.count]
      return (
        "\(Self.openings[index % Self.openings.count]) \(subject) \(label) thing\(index)?", label
      )
    }
  }

  private func table(_ rows: [(String, String)]) throws -> VendorTable {
    let directory = try TemporaryDirectory()
    let lines = rows.map { text, label -> String in
      let line: JSONValue = ["text": .string(text), "label": .string(label)]
      return line.text + "\n"
    }
    let url = try directory.write(lines.joined().utf8, to: "t.jsonl")
    return try VendorTable(url, name: "t.jsonl")
  }

  @Test func `a fifth of every label is measured by, the same one every time`() throws {
    let table = try table(texts(30, "a") + texts(10, "b"))
    let division = try TextDivision(table)
    #expect(
      division.eval.count { $0.labels == ["a"] } == 6
        && division.eval.count { $0.labels == ["b"] } == 2)
    #expect(division.train.count == 32 && division.labels == ["a", "b"])
    #expect(try TextDivision(table).eval == division.eval)
    #expect(try TextDivision(table, seed: 2).eval != division.eval)
    #expect(try TextDivision(table, evalShare: 0.5).eval.count == 20)
  }

  @Test func `near duplicates and texts of one template stay on one side`() throws {
    var rows = texts(20, "a")
    for index in 0..<10 {
      let colour = [
        "red", "blue", "green", "white", "black", "grey", "pink", "brown", "gold", "teal",
      ][index]
      // The same words but for the case, and one template with other names.
      rows.append(("Please tell me whether the \(colour) parcel was ever sent", "b"))
      rows.append(("please tell me, whether the \(colour) parcel was ever sent!", "b"))
      rows.append(("The vessel Ocean \(index) was arrested in the port of Vigo today", "b"))
    }
    for seed in 1...5 as ClosedRange<UInt64> {
      let division = try TextDivision(try table(rows), seed: seed)
      let learnt = Set(division.train.map { $0.text.lowercased().filter(\.isLetter) })
      for text in division.eval {
        #expect(!learnt.contains(text.text.lowercased().filter(\.isLetter)), "\(text.text)")
      }
      let arrested = { (rows: [VendorTable.Row]) in rows.contains { $0.text.contains("arrested") } }
      #expect(!(arrested(division.train) && arrested(division.eval)))
    }
  }

  @Test func `what stands twice is left out, what has two labels too`() throws {
    let division = try TextDivision(
      try table(
        texts(8, "a") + texts(8, "b") + [
          ("twice", "a"), ("twice", "a"), ("both", "a"), ("both", "b"),
        ]))
    #expect(division.duplicates == 1)
    #expect(division.contradictions == ["`t.jsonl` line 19", "`t.jsonl` line 20"])
    #expect((division.train + division.eval).count == 17)
  }

  @Test func `a label with too few texts is refused, or left out`() throws {
    let table = try table(texts(8, "a") + texts(8, "b") + texts(4, "rare"))
    #expect(throws: SourceError.rareLabel(file: "t.jsonl", label: "rare", count: 4, least: 5)) {
      try TextDivision(table)
    }
    let division = try TextDivision(table, dropsRare: true)
    #expect(division.labels == ["a", "b"] && division.rare.map(\.label) == ["rare"])
  }

  @Test func `texts that are given to measure by stay whole, and training gives way`() throws {
    let given = try table([("measure me by this and nothing else at all", "a")] + texts(3, "b"))
    let learnt = try table(
      texts(8, "b") + texts(9, "a") + [("Measure me by THIS, and nothing else at all", "a")])
    let division = try TextDivision(learnt, evals: given.train)
    #expect(division.eval.count == 4 && division.leaks == 4 && division.train.count == 14)
  }

  @Test func `what is drafted is a source without a fault`() throws {
    let directory = try TemporaryDirectory()
    let facts = SourceDraft.Facts(
      pack: try #require(PackName("acme/odd")), summary: #"A "quoted": summary # with — signs"#,
      license: "MIT", holder: "Acme", languages: ["en"], jurisdictions: ["SG"], asOf: "2026-01-01",
      task: "topic", backbone: "tiny", seed: 3)
    let labels = [#"say "yes": no"#, "# hash", "- dash", "ja: é", "null", "1"]
    let rows = labels.enumerated().flatMap { index, label in
      texts(10, ["oak", "elm", "ash", "fir", "yew", "box"][index]).map { ($0.0, label) }
    }
    let draft = SourceDraft(
      facts: facts, division: try TextDivision(try table(rows)),
      negatives: ["a text from next door", "a text from next door", rows[0].0])
    let target = directory.url.appending(path: "odd")
    try draft.write(to: target)
    let source = try PackSource(directory: target, backbones: ["tiny"])
    #expect(source.labels.count == 6 && Set(source.labels) == Set(labels))
    #expect(source.train.examples.count == 48 && source.evals[0].file.examples.count == 12)
    #expect(source.negatives?.examples.map(\.text) == ["a text from next door"])
    #expect(source.description.summary == facts.summary && source.description.seed == 3)
    #expect(source.evals[0].description.floor == 0.16)
    #expect(throws: SourceError.directoryInUse(path: target.path)) { try draft.write(to: target) }
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
    #expect(left == ["odd"])
  }

  @Test func `the starter is a source without a fault`() throws {
    let directory = try TemporaryDirectory()
    let facts = SourceDraft.Facts(
      pack: try #require(PackName("example/desk")), summary: "A desk", license: "MIT", holder: "A",
      languages: ["en"], jurisdictions: [], asOf: "2026-01-01", task: "topic", backbone: "tiny",
      seed: 1)
    let draft = SourceDraft(facts: facts, division: try TextDivision(.starter))
    try draft.write(to: directory.url.appending(path: "desk"))
    let source = try PackSource(
      directory: directory.url.appending(path: "desk"), backbones: ["tiny"])
    #expect(source.labels == ["loan-renewal", "lost-item", "opening-hours"])
    #expect(source.evals[0].file.examples.count == 9)
  }
}
