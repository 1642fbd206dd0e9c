import Foundation
import MoEAuthoring
import MoEBase
import MoETestSupport
import Testing

/// Faults planted in a source that has none: each is found, with its lines, and nothing else is said.
@Suite struct SourceReviewTests {
  /// A fault: how it is planted, and what finds it.
  struct Fault: Sendable, CustomTestStringConvertible {
    let code: String
    let weight: Finding.Weight
    /// Plants it, and gives the line that is to be named.
    let plant: @Sendable (inout PlantedSource) -> Int?
    /// What else is true then.
    var also: Set<String> = []

    var testDescription: String { code }

    init(
      _ code: String, _ weight: Finding.Weight, also: Set<String> = [],
      _ plant: @escaping @Sendable (inout PlantedSource) -> Int?
    ) {
      self.code = code
      self.weight = weight
      self.also = also
      self.plant = plant
    }

    /// A text of training that has it.
    init(_ code: String, _ weight: Finding.Weight, text: String, also: Set<String> = []) {
      self.init(code, weight, also: also) { $0.add(text) }
    }
  }

  static let faults: [Fault] = [
    Fault("source-line", .fault) { $0.add(line: "{\"text\": ") },
    Fault("text-empty", .fault) { $0.add(line: #"{"text": " ", "label": "moorage"}"#) },
    Fault("duplicate", .fault) { $0.add("May I berth the barge before sunrise?") },
    Fault("contradiction", .fault) { $0.add("May I berth the barge before sunrise?", "catering") },
    Fault("leak", .fault) {
      $0.add("May I berth the barge before sunrise?", to: "evals/issue.jsonl")
    },
    Fault("eval-duplicate", .fault) {
      $0.add("What has a rope to do with moorage in winter storms?", to: "evals/issue.jsonl")
    },
    Fault("negative-own", .fault) {
      $0.add("May I berth the barge before sunrise?", nil, to: "data/negatives.jsonl")
    },
    Fault("leak-near", .fault) {
      $0.add("may i berth the barge, before sunrise", to: "evals/issue.jsonl")
    },
    Fault("contradiction-near", .warning) {
      $0.add("may i berth the barge, before sunrise", "catering")
    },
    Fault("duplicate-near", .note) { $0.add("may i berth the barge, before sunrise") },
    Fault("negative-own-near", .warning) {
      $0.add("may i berth the barge, before sunrise", nil, to: "data/negatives.jsonl")
    },
    Fault("leak-template", .warning) { source in
      source.add("Yesterday the tug Orion was chained to pier number 4 by its owner")
      return source.add(
        "Yesterday the tug Halcyon Days was chained to pier number 17 by its owner",
        to: "evals/issue.jsonl")
    },
    Fault("template", .note) { source in
      for (index, name) in ["Orion", "Vega", "Deneb Two", "Rigel", "Altair Nine Bee"].enumerated() {
        source.add("Yesterday the tug \(name) was chained to pier number \(index) by its owner")
      }
      return nil
    },
    Fault("label-unlisted", .fault) { $0.add("Who waters the plants on the bridge?", "forestry") },
    Fault("label-unused", .fault) { source in
      source.files["labels.yaml"]? += "plumbing: {title: Plumbing}\n"
      return nil
    },
    Fault("label-rare", .fault, also: ["eval-label"]) { source in
      source.files["labels.yaml"]? += "gardening: {title: Gardening}\n"
      source.add("Who waters the plants on the bridge?", "gardening")
      return nil
    },
    Fault("label-few", .warning, also: ["eval-label", "text-boilerplate"]) { source in
      source.files["labels.yaml"]? += "gardening: {title: Gardening}\n"
      for plant in ["rose", "fern", "moss", "tulip", "cactus"] {
        source.add("Does the \(plant) want more water than sunlight gives back?", "gardening")
      }
      return nil
    },
    Fault("label-spelling", .warning, also: ["label-few", "eval-label", "text-boilerplate"]) {
      source in
      source.files["labels.yaml"]? += "Moorages: {title: Moorage}\n"
      for plant in ["rose", "fern", "moss", "tulip", "cactus"] {
        source.add("Does the \(plant) want more water than sunlight gives back?", "Moorages")
      }
      return nil
    },
    Fault("label-balance", .warning) { source in
      for number in 0..<220 {
        source.add("\(String(number, radix: 36)) quay \(number * 7) \(number) rope\(number)")
      }
      return nil
    },
    Fault("label-alone", .note) { source in
      source.files["labels.yaml"] = "moorage: {title: Moorage}\n"
      for file in ["data/train.jsonl", "evals/issue.jsonl"] {
        source.files[file] = source.files[file]?.split(separator: "\n")
          .filter { !$0.contains(#":"catering""#) }.map { $0 + "\n" }.joined()
      }
      for number in 0..<20 {
        source.add(
          "Could the \(String(UnicodeScalar(UInt8(97 + number))))-shaped jetty hold a ferry?",
          to: "evals/issue.jsonl")
      }
      return nil
    },
    Fault("eval-small", .warning) { source in
      source.replace("floor: 0.9", by: "floor: 0.6")
      return nil
    },
    Fault("eval-floor", .note, also: ["eval-small"]) { source in
      source.replace("floor: 0.9", by: "floor: 0.5")
      return nil
    },
    Fault("eval-none", .note) { source in
      source.replace(
        #"{"text": "who won the chess final", "expect": "none"}"# + "\n", by: "",
        in: "evals/issue.jsonl")
      return nil
    },
    Fault("text-control", .warning, text: "Berth the ketch\u{200B} next to the crane, will you?"),
    Fault("text-mojibake", .warning, text: "The cafÃ© on the quay wants to moor its raft"),
    Fault("text-markup", .warning, text: "Moor it<br>at the far end &amp; leave the lamp on"),
    Fault(
      "text-placeholder", .warning, text: "Dear {first_name}, where shall the ketch lie tonight?"),
    Fault("text-label", .warning, text: "moorage"),
    Fault("text-short", .note, text: "Quay?"),
    Fault("text-boilerplate", .warning) { source in
      for word in [
        "rudder", "fender", "anchor", "cleat", "winch", "davit", "hawser", "bollard", "capstan",
        "mizzen", "gangway", "scupper",
      ] {
        source.add("Dear harbour office team, about that \(word) you sold me")
      }
      return nil
    },
    Fault(
      "text-language", .warning,
      text: "Wo kann ich das Boot für eine Woche mit der Kette und dem Anker lassen?"),
    Fault("personal-email", .warning, text: "Write to jane.roe@harbour-mail.com about the mooring"),
    Fault("personal-phone", .warning, text: "Ring me on +65 6123 4567 when the ketch is moored"),
    Fault("personal-identity", .warning, text: "My number is S1234567D and the ketch is mine"),
    Fault("personal-account", .warning, text: "Pay the quay to GB29 NWBK 6016 1331 9268 19 today"),
    Fault("personal-card", .warning, text: "Charge the berth to 4539 1488 0343 6467 please"),
    Fault("card-incomplete", .note) { source in
      source.files["CARD.md"]? += "TODO: limits\n"
      return 4
    },
    Fault("file-empty", .warning) { source in
      source.files["LICENSE"] = " \n"
      return nil
    },
    Fault("source-file-missing", .fault, also: ["label-unused"]) { source in
      source.files["data/negatives.jsonl"] = nil
      return nil
    },
  ]

  @Test func `a source without a fault has no finding`() throws {
    let review = try PlantedSource().review()
    #expect(review.findings == [])
    #expect(review.refusal == nil && review.labels.map(\.train) == [24, 24])
  }

  @Test(arguments: faults)
  func `a planted fault is found, with its line`(_ fault: Fault) throws {
    var source = PlantedSource()
    let line = fault.plant(&source)
    let review = try source.review()
    let codes = Set(review.findings.map(\.code))
    let finding = try #require(
      review.findings.first { $0.code == fault.code }, "found only \(codes.sorted())")
    #expect(finding.weight == fault.weight)
    if let line { #expect(finding.marks.map(\.line) == [line], "\(finding.marks)") }
    #expect(codes.subtracting(fault.also).subtracting([fault.code]) == [], "\(review.findings)")
    #expect(
      (review.refusal != nil) == (review.count(.fault) > 0), "\(String(describing: review.refusal))"
    )
  }

  @Test func `all faults at once are all found, what matters most first`() throws {
    var source = PlantedSource()
    let together = Self.faults.filter {
      !["label-alone", "source-file-missing", "eval-small", "label-rare"].contains($0.code)
    }
    for fault in together { _ = fault.plant(&source) }
    let review = try source.review()
    let codes = Set(review.findings.map(\.code))
    #expect(together.count >= 30)
    for fault in together { #expect(codes.contains(fault.code), "\(fault.code)") }
    #expect(review.findings.map(\.weight) == review.findings.map(\.weight).sorted())
    #expect(review.findings.first?.code == "source-line")
  }

  @Test func `what is personal is not repeated`() throws {
    var source = PlantedSource()
    source.add("Write to jane.roe@harbour-mail.com or ring +65 6123 4567 about the mooring")
    for finding in try source.review().findings {
      #expect(finding.code.hasPrefix("personal-"))
      for text in [finding.message, finding.advice] + finding.marks.compactMap(\.detail) {
        #expect(!text.contains("jane") && !text.contains("6123"))
      }
    }
  }

  /// What looks like personal data and is none: reserved names, fiction's numbers, dates, references.
  static let harmless = [
    "Write to office@example.com or help@harbour.test about the mooring",
    "Ring 212-555-0142 or 020 7946 0958 about it",
    "The hearing of 12-03-2026 at 0410-0445 was moved",
    "VTIS recordings requested for 0410-0445 13 Nov, channel 73",
    "Pay with the test card 4242 4242 4242 4242 in the demonstration",
    "Container MSCU 1234567 and voyage 2026-114-09 went to berth 12",
    "Case C-311/18, paragraphs 134 to 137, and Regulation (EU) 2016/679",
    "IMO 9321483 lies at anchor",
    "The bill was 1 234 567,89 euros for 20 tonnes",
    "Twitter handle @harbour and invoice 4111-22-33",
  ]

  @Test(arguments: harmless)
  func `what is reserved or means something else is let pass`(_ text: String) throws {
    var source = PlantedSource()
    source.add(text)
    #expect(try source.review().findings.filter { $0.code.hasPrefix("personal") } == [])
  }

  @Test func `faults of comma-separated files are found with their lines`() throws {
    var source = PlantedSource()
    source.replace("data/train.jsonl", by: "data/train.csv")
    let removed = source.files.removeValue(forKey: "data/train.jsonl")
    let text = try #require(removed)
    let records = try text.split(separator: "\n").map { line -> String in
      let value = try JSONValue(parsing: Array(line.utf8))
      guard case .string(let text)? = value["text"], case .string(let label)? = value["label"]
      else { return "" }
      return "\"\(text)\",\(label)\n"
    }
    source.files["data/train.csv"] = "text,label\n" + records.joined() + "one,two,three\n"
    let review = try source.review()
    #expect(review.findings.map(\.code) == ["source-line"])
    #expect(review.findings[0].marks.map(\.line) == [50] && review.trainTexts == 48)
  }
}
