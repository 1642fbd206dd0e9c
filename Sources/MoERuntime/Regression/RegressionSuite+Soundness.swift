import MoEBase
import MoEEval
import MoEModel
import MoEPackFormat

extension RegressionSuite {
  /// How many of a new pack's own texts its experts are listened to on.
  private static let growthTexts = 64

  /// Looks at what arrives, before anything is answered.
  func checkSoundness() throws {
    for entry in arrivals {
      let pack = entry.mounted.label
      if let original = entries.first(where: { $0.name != entry.name && $0.router == entry.router })
      {
        throw RegressionError.copied(pack: pack, original: original.mounted.label)
      }
      let rows = entry.mounted.model.rows
      guard rows.repeatedCount == 0 else {
        throw RegressionError.rowsRepeated(
          pack: pack, repeated: rows.repeatedCount, rows: rows.count)
      }
      let backbone = candidate.backbone
      let flops = entry.mounted.model.flopsPerText(
        tokens: backbone.tokenizer.maximumLength, backbone: backbone)
      guard flops <= limits.flopsPerText else {
        throw RegressionError.overBudget(pack: pack, flops: flops, most: limits.flopsPerText)
      }
      for eval in entry.evals { try checkContamination(of: eval, of: entry) }
      try checkGrowth(of: entry)
    }
  }

  private func checkGrowth(of entry: Entry) throws {
    let texts = entry.evals.flatMap(\.set.examples).filter { $0.expectation != .none }
      .prefix(Self.growthTexts)
    let growth = try entry.mounted.model.expertGrowth(
      on: texts.map { candidate.backbone.tokenizer.encode($0.text) },
      backbone: candidate.backbone, pool: pool)
    guard growth <= limits.expertGrowth else {
      throw RegressionError.expertExplodes(
        pack: entry.mounted.label, growth: growth, most: limits.expertGrowth)
    }
  }

  /// Refuses an eval set whose examples are fewer than they seem, or no examples of what was not learned.
  private func checkContamination(of eval: Eval, of entry: Entry) throws {
    let examples = eval.set.examples.count
    func refuse(_ contamination: EvalContamination, _ texts: Int, most: Double) -> RegressionError {
      .evalsContaminated(
        pack: entry.mounted.label, eval: eval.claim.name, contamination: contamination,
        texts: texts, examples: examples, most: most)
    }
    let files = entry.mounted.manifest.provenance.data.filter { $0.digest == eval.lines }
    if files.count > 1, let first = files.first {
      throw refuse(.learned(file: first.file), examples, most: 0)
    }
    let most = GateLimits.most(limits.repeatedEvalTexts, of: examples)
    let words = eval.set.examples.map { $0.text.wordBytes }
    let different = Set(words)
    guard examples - different.count <= most else {
      throw refuse(.repeated, examples - different.count, most: limits.repeatedEvalTexts)
    }
    for other in entries where other.name != entry.name {
      if entry.overlaps(other) || other.overlaps(entry) { continue }
      var shared: Set<[UInt8]> = []
      for example in other.evals.flatMap(\.set.examples) where example.expectation != .none {
        let words = example.text.wordBytes
        if different.contains(words) { shared.insert(words) }
      }
      let labelled = zip(eval.set.examples, words).count {
        $0.expectation != .none && shared.contains($1)
      }
      guard labelled <= most else {
        throw refuse(
          .shared(with: other.mounted.label), labelled, most: limits.repeatedEvalTexts)
      }
    }
  }
}

extension String {
  /// Its words in lower case, one space between them: ASCII letters and digits, and whatever is not ASCII.
  fileprivate var wordBytes: [UInt8] {
    var bytes: [UInt8] = []
    var isInWord = false
    for byte in utf8 {
      let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      let isPart =
        isUpper || byte >= 0x80 || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      if isPart {
        if !isInWord, !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
        bytes.append(isUpper ? byte + 0x20 : byte)
      }
      isInWord = isPart
    }
    return bytes
  }
}
