import MoEBase

/// Texts that stand twice, word for word, nearly, in meaning, or in one template.
struct PairReview {
  let material: ReviewMaterial
  /// Pairs of texts that mean the same, by the backbone's embedding, as places in `material.texts`.
  let alike: [(Int, Int)]
  let allowsNearDuplicates: Bool

  /// Two texts that are one, in some way.
  private struct Pair {
    let first: Int
    let second: Int
  }

  /// The least texts of one template within training.
  static let templateTexts = 5

  func findings() -> [Finding] {
    let exact = exactPairs()
    let exactSet = Set(exact.map { [$0.first, $0.second] })
    let words = wordPairs().filter { !exactSet.contains([$0.first, $0.second]) }
    let wordSet = Set(words.map { [$0.first, $0.second] })
    let meaning = alike.map { Pair(first: min($0.0, $0.1), second: max($0.0, $0.1)) }
      .filter {
        !exactSet.contains([$0.first, $0.second]) && !wordSet.contains([$0.first, $0.second])
      }
    return exactFindings(exact) + nearFindings(words, inMeaning: false)
      + nearFindings(meaning, inMeaning: true) + templates()
  }

  private var texts: [ReviewedText] { material.texts }

  // MARK: - Pairs

  /// Each text that stood there before, with the first that did.
  private func exactPairs() -> [Pair] {
    var first: [[UInt8]: Int] = [:]
    var pairs: [Pair] = []
    for (index, text) in texts.enumerated() {
      let key = Array(text.text.utf8)
      if let earlier = first[key] {
        pairs.append(Pair(first: earlier, second: index))
      } else {
        first[key] = index
      }
    }
    return pairs
  }

  private func wordPairs() -> [Pair] {
    let index = ShingleIndex(texts.map(\.text))
    return texts.indices.flatMap { second in
      index.nearDuplicates(of: texts[second].text).filter { $0 < second }
        .map { Pair(first: $0, second: second) }
    }
  }

  // MARK: - Findings

  private enum Relation {
    /// Two that training sees, with one label.
    case repeated
    /// Two that training sees, with two labels.
    case contradicting
    /// One that training sees, and one to measure by.
    case leaking
    /// One that is the pack's, and one that is said not to be.
    case disowned
    /// Two to measure by.
    case measuredTwice
  }

  private func relation(_ pair: Pair) -> Relation? {
    let (first, second) = (texts[pair.first], texts[pair.second])
    switch (first.role, second.role) {
    case (.eval, .eval): return first.isAnswered(as: second) ? .measuredTwice : .contradicting
    case (.eval, _), (_, .eval): return .leaking
    case (.negative, .negative): return .repeated
    case (.negative, _), (_, .negative): return .disowned
    default: return first.isAnswered(as: second) ? .repeated : .contradicting
    }
  }

  private func marks(_ pairs: [Pair]) -> [Finding.Mark] {
    pairs.map { pair in
      let (first, second) = (texts[pair.first], texts[pair.second])
      let labels = [second.answer, first.answer].compactMap(\.self)
      return Finding.Mark(
        second, first,
        detail: labels.count == 2 && labels[0] != labels[1] ? labels.joined(separator: " · ") : nil)
    }
  }

  private func exactFindings(_ pairs: [Pair]) -> [Finding] {
    let groups = Dictionary(grouping: pairs, by: relation)
    func finding(
      _ relation: Relation, _ code: String, _ said: (Int) -> String, _ advice: String
    ) -> Finding? {
      guard let pairs = groups[relation] else { return nil }
      return Finding(code, .fault, said(pairs.count), advice: advice, marks: marks(pairs))
    }
    return [
      finding(
        .leaking, "leak",
        { "\($0.of("text")) to measure by also \($0 == 1 ? "stands" : "stand") in training" },
        "delete the training line: the result would measure memory"),
      finding(
        .contradicting, "contradiction",
        { "\($0.of("text")) \($0 == 1 ? "has" : "have") two different labels" },
        "decide which label is right, and delete the other line"),
      finding(
        .disowned, "negative-own",
        { "\($0.of("text")) \($0 == 1 ? "is" : "are") both a negative and the pack's own" },
        "delete it from the negatives, or from training"),
      finding(
        .repeated, "duplicate", { "\($0.of("text")) \($0 == 1 ? "stands" : "stand") twice" },
        "delete one of the lines"),
      finding(
        .measuredTwice, "eval-duplicate",
        { "\($0.of("text")) to measure by \($0 == 1 ? "stands" : "stand") twice" },
        "delete one of the lines"),
    ].compactMap(\.self)
  }

  private func nearFindings(_ pairs: [Pair], inMeaning: Bool) -> [Finding] {
    let groups = Dictionary(grouping: pairs, by: relation)
    let how = inMeaning ? "mean nearly the same as" : "are nearly word for word"
    let suffix = inMeaning ? "-meaning" : "-near"
    func finding(
      _ relation: Relation, _ code: String, _ weight: Finding.Weight,
      _ said: (Int) -> String, _ advice: String
    ) -> Finding? {
      guard let pairs = groups[relation] else { return nil }
      return Finding(
        code + suffix, weight, said(pairs.count), advice: advice, marks: marks(pairs))
    }
    return [
      finding(
        .leaking, "leak", inMeaning || allowsNearDuplicates ? .warning : .fault,
        { "\($0.of("pair")) of texts, one to measure by and one in training, \(how) each other" },
        "rewrite or delete one of the two: the result would measure memory"),
      finding(
        .contradicting, "contradiction", .warning,
        { "\($0.of("pair")) of texts with different labels \(how) each other" },
        "decide what tells the labels apart, and give both texts the label it asks for"),
      finding(
        .disowned, "negative-own", .warning,
        { "\($0.of("pair")) of a negative and a text of the pack's own \(how) each other" },
        "delete the negative: the gate would learn to pass its own texts by"),
      finding(
        .repeated, "duplicate", .note,
        { "\($0.of("pair")) of training texts \(how) each other" },
        "copies teach nothing: write other texts, or delete them"),
      finding(
        .measuredTwice, "eval-duplicate", .note,
        { "\($0.of("pair")) of texts to measure by \(how) each other" },
        "each such pair counts one mistake twice: delete one"),
    ].compactMap(\.self)
  }

  // MARK: - Templates

  private func templates() -> [Finding] {
    var groups: [String: [ReviewedText]] = [:]
    for text in texts where text.role != .negative {
      guard let template = TextTemplate.template(of: text.text) else { continue }
      groups[template, default: []].append(text)
    }
    var findings: [Finding] = []
    let sorted = groups.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
    let leaks = sorted.flatMap { template, texts -> [Finding.Mark] in
      let learnt = texts.filter(\.role.isLearnt)
      // What is the same word for word is told as that.
      return texts.filter { $0.role == .eval }.compactMap { text in
        learnt.contains { $0.words == text.words }
          ? nil : learnt.first.map { Finding.Mark(text, $0, detail: template) }
      }
    }
    if !leaks.isEmpty {
      findings.append(
        Finding(
          "leak-template", .warning,
          "\(leaks.count.of("text")) to measure by \(leaks.count == 1 ? "is" : "are") filled into a template "
            + "that training has seen: only names or numbers differ",
          advice: "keep all texts of one template on one side", marks: leaks))
    }
    let made = sorted.filter { group in
      group.value.count { $0.role.isLearnt } >= Self.templateTexts
    }
    if !made.isEmpty {
      let marks = made.flatMap { template, texts in
        texts.filter(\.role.isLearnt).map { Finding.Mark($0, detail: template) }
      }
      findings.append(
        Finding(
          "template", .note,
          "\(marks.count.of("training text")) come from \(made.count.of("template")): only names or numbers differ",
          advice: "a handful of real texts teach more than a hundred from one template",
          marks: marks))
    }
    return findings
  }
}
