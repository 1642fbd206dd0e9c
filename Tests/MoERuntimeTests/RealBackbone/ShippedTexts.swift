import Foundation
import MoEBase

/// The texts of the two packs of this repository, and the anchors of the profile.
struct ShippedTexts {
  /// One pack's texts.
  struct Source {
    let name: String
    let train: [(text: String, label: String)]
    let negatives: [String]
    let evaluation: [(text: String, label: String?)]
    /// The eval set as it lies there.
    let evaluationLines: [UInt8]
  }

  let sources: [Source]
  let anchors: [String]

  /// Reads everything, relative to this file.
  init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../..").standardizedFileURL
    sources = try ["sg-maritime-law", "eu-gdpr"].map { name in
      let directory = root.appending(path: "packs/\(name)")
      let evaluation = directory.appending(path: "evals/issue.jsonl")
      return Source(
        name: name,
        train: try Self.lines(directory.appending(path: "data/train.jsonl")).map {
          ($0.text, $0.label ?? "")
        },
        negatives: try Self.lines(directory.appending(path: "data/negatives.jsonl")).map(\.text),
        evaluation: try Self.lines(evaluation),
        evaluationLines: Array(try Data(contentsOf: evaluation)))
    }
    anchors = try Self.lines(root.appending(path: "tools/profile/anchors.jsonl")).map(\.text)
  }

  /// 2,000 of them from every file, none twice: short ones for the greatest part, so that answering all of
  /// them many times over takes seconds; 100 that are a text of each pack; and 16 long ones, half of them
  /// beyond what the backbone reads.
  func mixture() -> [String] {
    var groups = sources.flatMap { source in
      [source.train.map(\.text), source.negatives, source.evaluation.map(\.text)]
    }
    groups.append(anchors)
    let long = sources.flatMap { $0.train.map(\.text).filter { $0.count > 350 }.prefix(8) }
    var texts = long.enumerated().map { index, text in
      index % 2 == 0 ? text : Array(repeating: text, count: 4).joined(separator: " ")
    }
    let short = sources.map { $0.train.map(\.text).filter(Self.isShort).suffix(100) }
    texts += zip(short[0], short[1]).map { $0 + " " + $1 }
    var seen = Set(texts)
    var queues = groups.map { $0.filter(Self.isShort)[...] }
    while texts.count < 2000, queues.contains(where: { !$0.isEmpty }) {
      for index in queues.indices where texts.count < 2000 {
        guard let text = queues[index].popFirst(), seen.insert(text).inserted else { continue }
        texts.append(text)
      }
    }
    var generator = SeededGenerator(seed: 17)
    generator.shuffle(&texts)
    return texts
  }

  private static func isShort(_ text: String) -> Bool { text.split(separator: " ").count <= 12 }

  private static func lines(_ file: URL) throws -> [(text: String, label: String?)] {
    try Data(contentsOf: file).split(separator: 0x0A).map { line in
      let value = try JSONValue(parsing: Array(line))
      guard case .string(let text)? = value["text"] else {
        throw TestFailure("a line of `\(file.path)` has no text")
      }
      guard case .string(let label)? = value["label"] else { return (text, nil) }
      return (text, label)
    }
  }
}
