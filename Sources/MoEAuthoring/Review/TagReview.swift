import MoEBase

/// What there is to say of the labels of a `tag` task together: texts without any, labels that nothing tells apart.
struct TagReview {
  let material: ReviewMaterial

  /// The share of training texts from which it is strange that they have no label.
  static let bareShare = 0.5

  func findings() -> [Finding] {
    guard material.kind == .tag else { return [] }
    let texts = material.texts.filter { $0.role == .train }
    guard !texts.isEmpty else { return [] }
    return bare(texts) + everywhere(texts) + together(texts)
  }

  private func bare(_ texts: [ReviewedText]) -> [Finding] {
    let bare = texts.filter(\.labels.isEmpty)
    guard !bare.isEmpty else { return [] }
    let isMost = Double(bare.count) > Self.bareShare * Double(texts.count)
    return [
      Finding(
        "label-none", isMost ? .warning : .note,
        "\(bare.count.of("training text")) of \(texts.count) \(bare.count == 1 ? "has" : "have") no label",
        advice:
          "right where no label applies; give the texts labels where somebody only has not looked yet, for "
          + "each teaches that every label is wrong", marks: bare.map { Finding.Mark($0) })
    ]
  }

  private func everywhere(_ texts: [ReviewedText]) -> [Finding] {
    let labels = material.expectedLabels.filter { label in
      texts.allSatisfy { $0.labels.contains(label) }
    }
    guard !labels.isEmpty else { return [] }
    return [
      Finding(
        "label-everywhere", .warning,
        "\(labels.count.of("label")) \(labels.count == 1 ? "stands" : "stand") on every training text: "
          + labels.prefix(8).map { "`\($0)`" }.joined(separator: ", "),
        advice: "write texts to which the label does not apply, or delete it: it says nothing",
        marks: labels.map { Finding.Mark(material.labelFile, detail: $0) })
    ]
  }

  /// Labels of which none stands without the other.
  private func together(_ texts: [ReviewedText]) -> [Finding] {
    var places: [String: [Int]] = [:]
    for (index, text) in texts.enumerated() {
      for label in text.labels { places[label, default: []].append(index) }
    }
    let groups = Dictionary(
      grouping: material.expectedLabels.filter { places[$0] != nil }, by: { places[$0] ?? [] }
    ).values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    guard !groups.isEmpty else { return [] }
    let names = groups.map { $0.map { "`\($0)`" }.joined(separator: " and ") }
    return [
      Finding(
        "label-together", .warning,
        "labels that never stand without each other: " + names.prefix(4).joined(separator: "; "),
        advice: "make one label of them, or write texts to which only one of them applies",
        marks: groups.map {
          Finding.Mark(material.labelFile, detail: $0.joined(separator: " · "))
        })
    ]
  }
}
