public import MoEBase

/// Texts of the tiny backbone's topics to which any number of labels apply: one, two, or none.
public enum TinyTags {
  /// One text, and what applies to it.
  public typealias Text = (text: String, labels: [String])

  /// The labels, one a topic.
  public static let labels = ["tag-0", "tag-1", "tag-2"]

  /// What each sixth text is about; the topic after the labelled ones is the pack's too, and no label applies to it.
  private static let topics = [[0], [1], [2], [0, 1], [1, 2], [3]]

  /// Different texts.
  public static func texts(_ count: Int, seed: UInt64) -> [Text] {
    var generator = SeededGenerator(seed: seed)
    var seen: Set<String> = []
    var texts: [Text] = []
    while texts.count < count {
      let topics = topics[texts.count % topics.count]
      let text = topics.map { TinyTexts.text(topic: $0, using: &generator) }.joined(separator: " ")
      guard seen.insert(text).inserted else { continue }
      texts.append((text, topics.filter { $0 < labels.count }.map { labels[$0] }))
    }
    return texts
  }

  /// A line of a data file.
  public static func line(_ text: Text) -> JSONValue {
    ["text": .string(text.text), "labels": .array(text.labels.map(JSONValue.string))]
  }

  /// `pack.yaml` of a source that learns them.
  public static func description(release: Int = 1, floor: Double = 0.5) -> String {
    """
    pack: example/tags
    version: \(release).0.0
    release: \(release)
    summary: Tags
    about: {languages: [en], asOf: 2026-01-01}
    license: Apache-2.0
    backbone: tiny
    tasks:
      topics: {kind: tag, train: data/train.jsonl}
    evals:
      topics: {task: topics, data: evals/topics.jsonl, metric: microF1, floor: \(floor)}
    experts: {layers: 2, width: 8}
    seed: 7

    """
  }

  /// The files of that source.
  ///
  /// - Parameters:
  ///   - release: Its release, and the seed of its training texts.
  ///   - floor: What it signs for.
  /// - Returns: Their bytes, by path.
  public static func files(release: Int = 1, floor: Double = 0.5) -> [String: [UInt8]] {
    var generator = SeededGenerator(seed: 52)
    let own = texts(60, seed: 51)
    let none: [JSONValue] = (0..<16).map { _ in
      ["text": .string(TinyTexts.text(topic: nil, using: &generator)), "expect": "none"]
    }
    func lines(_ values: [JSONValue]) -> [UInt8] { values.flatMap { $0.bytes + [0x0A] } }
    return [
      "pack.yaml": Array(description(release: release, floor: floor).utf8),
      "CARD.md": Array("# Tags\n".utf8), "LICENSE": Array("Apache-2.0\n".utf8),
      "data/train.jsonl": lines(texts(240, seed: 60 + UInt64(release)).map(line)),
      "evals/topics.jsonl": lines(own.map(line) + none),
    ]
  }
}
