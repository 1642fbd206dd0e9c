import MoEBase
import MoEModel

/// What there is to say of a source's labels: their names, their counts, their balance.
struct LabelReview {
  let material: ReviewMaterial

  /// Under so many texts a label is learnt badly, and the gate misses texts of its own.
  static let fewTexts = 20
  /// So many times the smallest label's texts, and the largest drowns it.
  static let greatestRatio = 10
  /// Names at least this long that differ in one letter are taken for one word spelt twice.
  static let leastNameLength = 8

  func findings() -> [Finding] {
    guard material.kind.hasLabels else { return [] }
    return [unlisted, unused, spelling, counts, balance, alone].flatMap { $0() }
  }

  private func count(_ label: String) -> Int {
    material.texts.count { $0.role == .train && $0.labels.contains(label) }
  }

  private func unlisted() -> [Finding] {
    guard let listed = material.listedLabels else {
      let labels = Set(material.labels)
      return missing(
        material.texts.filter { text in
          text.role == .eval && !labels.isSuperset(of: text.labels)
        }, known: labels, from: "the training texts")
    }
    let known = Set(listed)
    return missing(
      material.texts.filter { !known.isSuperset(of: $0.labels) }, known: known,
      from: "`\(material.labelFile)`")
  }

  private func missing(
    _ texts: [ReviewedText], known: Set<String>, from place: String
  ) -> [Finding] {
    guard !texts.isEmpty else { return [] }
    let names = Set(texts.flatMap(\.labels)).subtracting(known).sorted()
    return [
      Finding(
        "label-unlisted", .fault,
        "\(names.count.of("label")) of the data \(names.count == 1 ? "is" : "are") not in \(place): "
          + names.prefix(8).map { "`\($0)`" }.joined(separator: ", "),
        advice: "add the label there, or correct the lines",
        marks: texts.map { Finding.Mark($0, detail: $0.answer) })
    ]
  }

  private func unused() -> [Finding] {
    let unused = (material.listedLabels ?? []).filter { count($0) == 0 }
    guard !unused.isEmpty else { return [] }
    return [
      Finding(
        "label-unused", .fault,
        "\(unused.count.of("label")) of `\(material.labelFile)` \(unused.count == 1 ? "has" : "have") no "
          + "training text: " + unused.prefix(8).map { "`\($0)`" }.joined(separator: ", "),
        advice: "delete the label there, or write texts for it",
        marks: unused.map { Finding.Mark(material.labelFile, detail: $0) })
    ]
  }

  private func spelling() -> [Finding] {
    let names = Set(material.labels).union(material.listedLabels ?? []).sorted()
    var marks: [Finding.Mark] = []
    for (index, name) in names.enumerated() {
      for other in names[(index + 1)...] where Self.areAlike(name, other) {
        marks.append(Finding.Mark(material.labelFile, detail: "\(name) · \(other)"))
      }
    }
    guard !marks.isEmpty else { return [] }
    return [
      Finding(
        "label-spelling", .warning,
        "\(marks.count.of("pair")) of labels differ only in case or spelling: "
          + marks.prefix(4).compactMap(\.detail).joined(separator: "; "),
        advice: "spell the label one way in every line", marks: marks)
    ]
  }

  /// Whether two names are one word in two spellings.
  static func areAlike(_ first: String, _ second: String) -> Bool {
    func plain(_ name: String) -> [Character] {
      Array(name.lowercased().filter { $0.isLetter || $0.isNumber })
    }
    func singular(_ name: [Character]) -> [Character] { name.last == "s" ? name.dropLast() : name }
    let (a, b) = (plain(first), plain(second))
    if a == b || singular(a) == singular(b) { return true }
    // Names that differ in a digit are told apart by it.
    guard min(a.count, b.count) >= leastNameLength, a.filter(\.isNumber) == b.filter(\.isNumber)
    else { return false }
    return differInOne(a, b)
  }

  /// Whether one letter put in, left out or exchanged makes one of the other.
  private static func differInOne(_ a: [Character], _ b: [Character]) -> Bool {
    guard abs(a.count - b.count) <= 1 else { return false }
    let front = zip(a, b).prefix { $0 == $1 }.count
    let back = zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
    return front + back >= max(a.count, b.count) - 1
  }

  private func counts() -> [Finding] {
    let labels = material.expectedLabels.map { (label: $0, count: count($0)) }
    let few = labels.filter { $0.count > 0 && $0.count < PackSource.leastTexts }
    let some = labels.filter { (PackSource.leastTexts..<Self.fewTexts).contains($0.count) }
    func finding(
      _ code: String, _ weight: Finding.Weight, _ group: [(label: String, count: Int)],
      least: Int, _ advice: String
    ) -> [Finding] {
      guard !group.isEmpty else { return [] }
      return [
        Finding(
          code, weight,
          "\(group.count.of("label")) \(group.count == 1 ? "has" : "have") fewer than \(least) training texts: "
            + group.prefix(8).map { "`\($0.label)` (\($0.count))" }.joined(separator: ", "),
          advice: advice,
          marks: group.map { Finding.Mark(material.labelFile, detail: "\($0.label): \($0.count)") })
      ]
    }
    return finding(
      "label-rare", .fault, few, least: PackSource.leastTexts,
      "write more texts for it, or merge it into another label")
      + finding(
        "label-few", .warning, some, least: Self.fewTexts,
        "fifty texts a label or more serve head and gate better")
  }

  private func balance() -> [Finding] {
    let counts = material.expectedLabels.map { (label: $0, count: count($0)) }
      .filter { $0.count >= PackSource.leastTexts }
    guard let least = counts.min(by: { $0.count < $1.count }),
      let most = counts.max(by: { $0.count < $1.count }),
      most.count >= Self.greatestRatio * least.count
    else { return [] }
    return [
      Finding(
        "label-balance", .warning,
        "`\(most.label)` has \(most.count) training texts and `\(least.label)` \(least.count): "
          + "more than \(Self.greatestRatio) times as many",
        advice: "write texts for the small labels, or take some of the large one out",
        marks: [Finding.Mark(material.labelFile, detail: least.label)])
    ]
  }

  private func alone() -> [Finding] {
    guard material.labels.count == 1, material.kind == .classify else { return [] }
    return [
      Finding(
        "label-alone", .note, "every training text has the same label",
        advice:
          "with one label the pack says \"mine or not\" and nothing more; divide it if that is not meant"
      )
    ]
  }
}
