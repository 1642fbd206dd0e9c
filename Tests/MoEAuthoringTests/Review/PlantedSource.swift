import Foundation
import MoEAuthoring
import MoEBase
import MoETensor
import MoETestSupport

/// A pack source that a reviewer has nothing to say against, until a test plants a fault in it.
struct PlantedSource {
  /// Path to text.
  var files: [String: String]

  private static let acts: [(label: String, verbs: [String], things: [String])] = [
    (
      "moorage", ["berth", "anchor", "moor", "shift", "dock"],
      ["the barge", "a trawler", "our yacht", "the dredger", "that pontoon", "one lighter"]
    ),
    (
      "catering", ["cook", "serve", "season", "chill", "garnish"],
      ["the soup", "a dessert", "our bread", "the lobster", "that salad", "one omelette"]
    ),
  ]
  private static let frames = [
    "May I VERB THING before sunrise?", "Nobody told me how to VERB THING properly.",
    "VERB THING, please, and ring me afterwards.", "Is it forbidden to VERB THING on Sundays?",
    "They refuse to VERB THING without extra pay!",
  ]

  init() {
    files = [
      "pack.yaml": SourceDirectory.yaml
        .replacing("    valid: data/valid.jsonl\n", with: "").replacing(
          "floor: 0.5", with: "floor: 0.9"),
      "labels.yaml": "moorage: {title: Moorage}\ncatering: {title: Catering}\n",
      "CARD.md": "# A pack\n\nWhat it is and what it is not.\n", "LICENSE": "Apache-2.0\n",
      "data/train.jsonl": "", "evals/issue.jsonl": "",
      "data/negatives.jsonl": Self.line("How tall is the highest mountain of Chile?", nil),
    ]
    for (label, verbs, things) in Self.acts {
      var count = 0
      for (verbIndex, verb) in verbs.enumerated() {
        for (index, thing) in things.enumerated() {
          let text = Self.frames[(verbIndex + index) % Self.frames.count]
            .replacing("VERB", with: verb).replacing("THING", with: thing)
          count += 1
          // The last two verbs are kept for measuring.
          add(text, label, to: verbIndex < 4 ? "data/train.jsonl" : "evals/issue.jsonl")
        }
      }
      for word in [
        "rope", "wind", "lamp", "clock", "ladder", "bucket", "whistle", "mirror", "candle",
        "engine", "curtain", "hammer", "basket", "feather", "saddle",
      ] {
        add(
          "What has a \(word) to do with \(label) in winter storms?", label, to: "evals/issue.jsonl"
        )
      }
    }
    files["evals/issue.jsonl"]? += #"{"text": "who won the chess final", "expect": "none"}"# + "\n"
  }

  private static func line(_ text: String, _ label: String?) -> String {
    var members = [JSONMember("text", .string(text))]
    if let label { members.append(JSONMember("label", .string(label))) }
    return JSONValue.object(members).text + "\n"
  }

  /// Adds a line, and gives its number.
  @discardableResult
  mutating func add(
    _ text: String, _ label: String? = "moorage", to file: String = "data/train.jsonl"
  ) -> Int {
    files[file, default: ""] += Self.line(text, label)
    return files[file, default: ""].split(separator: "\n").count
  }

  /// Adds a line as it is.
  @discardableResult
  mutating func add(line: String, to file: String = "data/train.jsonl") -> Int {
    files[file, default: ""] += line + "\n"
    return files[file, default: ""].split(separator: "\n", omittingEmptySubsequences: false).count
      - 1
  }

  /// Replaces a piece of a file.
  mutating func replace(_ piece: String, by other: String, in file: String = "pack.yaml") {
    files[file] = files[file]?.replacing(piece, with: other)
  }

  /// Reviews the source as it stands.
  func review() throws -> SourceReview {
    let directory = try TemporaryDirectory()
    for (name, text) in files {
      let file = directory.url.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return try SourceReview(
      directory: directory.url, backbones: ["tiny"], pool: ThreadPool(threads: 1))
  }
}
