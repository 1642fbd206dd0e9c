import MoEBase
import MoEEval
import MoEModel
import MoETensor
import MoETestSupport
import Synchronization
import Testing

@Suite struct EvalSetTests {
  private let backbone: Backbone
  private let pool = ThreadPool(threads: 2)
  private let examples: [EvalExample]
  /// The class means of the topics' texts and the mean of texts of none.
  private let means: [[Float]]
  private let background: [Float]

  init() throws {
    let backbone = try TinyBackbone.make()
    var generator = SeededGenerator(seed: 71)
    var examples: [EvalExample] = []
    var texts: [[String]] = [[], [], []]
    for index in 0..<40 {
      let topic = index % 3
      let text = TinyTexts.text(topic: topic == 2 ? nil : topic, using: &generator)
      texts[topic].append(text)
      examples.append(
        EvalExample(text: text, expectation: topic == 2 ? .none : .label("topic-\(topic)")))
    }
    self.backbone = backbone
    self.examples = examples
    let width = backbone.featureWidth
    let means = try texts.map { texts -> [Float] in
      let f = try backbone.features(texts: texts, pool: ThreadPool(threads: 1))
      return (0..<width).map { column in
        texts.indices.reduce(Float(0)) { $0 + f[$1 * width + column] } / Float(texts.count)
      }
    }
    self.means = Array(means.prefix(2))
    background = means[2]
  }

  private func identity(_ name: String) -> PackIdentity {
    PackIdentity(name: "tiny/\(name)", version: "1.0.0", digest: Digest(of: Array(name.utf8)))
  }

  /// A pack of two labels without experts.
  private func pack(
    _ name: String, threshold: Double, headWeight: [Float]? = nil, headBias: [Float] = [0, 0]
  ) -> PackModel {
    let width = backbone.featureWidth
    let rows = means.flatMap { mean in zip(mean, background).map { 40 * ($0 - $1) } }
    return PackModel(
      identity: identity(name),
      rows: DispatcherRows(
        weight: PackedMatrix(rows: 2, columns: width, values: rows), bias: [0, 0],
        prior: [0.5, 0.5], threshold: threshold, temperature: 1),
      experts: [:],
      heads: [
        LabelHead(
          task: "issue", labels: ["topic-0", "topic-1"],
          weight: PackedMatrix(
            rows: 2, columns: width, values: headWeight ?? means.flatMap { $0.map { 60 * $0 } }),
          bias: headBias)
      ])
  }

  private var set: EvalSet { EvalSet(name: "main", task: "issue", examples: examples) }

  /// What the set must give, one text after the other.
  private func naive(
    _ mixture: MixtureModel, _ pack: PackIdentity
  ) throws -> (counts: [Int], auroc: Double?, isCorrect: [Bool?]) {
    var (labelled, correct, ownSelected, none, noneSelected) = (0, 0, 0, 0, 0)
    var isCorrect: [Bool?] = []
    var margins: (own: [Double], none: [Double]) = ([], [])
    for example in examples {
      let pool = ThreadPool(threads: 1)
      let own = try mixture.answer([example.text], options: AnswerOptions(pack: pack), pool: pool)[
        0]
      let isSelected = try mixture.answer([example.text], pool: pool)[0].route
        .contains { $0.pack == pack }
      let margin = try #require(own.nearest).margin
      if case .label(let label) = example.expectation {
        let isRight = own.predictions[0].label == label
        labelled += 1
        correct += isRight ? 1 : 0
        ownSelected += isSelected ? 1 : 0
        isCorrect.append(isRight)
        margins.own.append(margin)
      } else {
        none += 1
        noneSelected += isSelected ? 1 : 0
        isCorrect.append(nil)
        margins.none.append(margin)
      }
    }
    return (
      [labelled, correct, ownSelected, none, noneSelected],
      areaUnderROC(positive: margins.own, negative: margins.none), isCorrect
    )
  }

  /// What a user gets, text after text: the first prediction of the automatic answer.
  private func answeredRight(_ mixture: MixtureModel, _ pack: PackIdentity) throws -> [Bool] {
    try examples.map { example in
      let answer = try mixture.answer([example.text], pool: ThreadPool(threads: 1))[0]
      guard case .label(let label) = example.expectation else {
        return !answer.route.contains { $0.pack == pack }
      }
      return answer.predictions.first?.pack == pack && answer.predictions.first?.label == label
    }
  }

  /// The score of text after text, in order of size.
  private func sortedMargins() throws -> [Double] {
    let probe = pack("probe", threshold: 0)
    return try MixtureModel(backbone: backbone, packs: [probe])
      .answer(examples.map(\.text), options: AnswerOptions(pack: probe.identity), pool: pool)
      .compactMap { $0.nearest?.margin }.sorted()
  }

  @Test func `the counts are those of one text after the other, among other packs too`() throws {
    let middle = try sortedMargins()[20]
    let own = pack("own", threshold: middle)
    let rival = pack("rival", threshold: middle - 1)
    let stronger = pack("stronger", threshold: middle - 8)
    for packs in [[own], [own, rival], [own, rival, stronger]] {
      let mixture = MixtureModel(backbone: backbone, packs: packs)
      let result = try set.run(on: mixture, pack: own.identity, pool: pool)
      let naive = try naive(mixture, own.identity)
      #expect(
        [result.labelled, result.correct, result.ownSelected, result.none, result.noneSelected]
          == naive.counts)
      #expect(result.auroc == naive.auroc && result.isCorrect == naive.isCorrect)
      #expect(result.isAnsweredRight == (try answeredRight(mixture, own.identity)))
      #expect(result.confusion.correct == result.correct && result.confusion.total == 27)
      #expect(result.reliability.count == 27)
      #expect(result.value(.accuracy) == result.confusion.accuracy)
      #expect(result.name == "main" && result.task == "issue")
      #expect(result.labelled == 27 && result.none == 13 && result.isCorrect.count == 40)
      #expect(result.accuracy > 0.8, "the heads know the topics")
      if packs.count == 1 {
        #expect((1..<40).contains(result.ownSelected + result.noneSelected))
      }
      if packs.count == 3 {
        #expect(result.ownSelected == 0, "others that lie more than the gap above take every text")
      }
    }
  }

  @Test func `thresholds at both ends select everything and nothing`() throws {
    for (threshold, share) in [(-1e6, 1.0), (1e6, 0)] {
      let own = pack("own", threshold: threshold)
      let result = try set.run(
        on: MixtureModel(backbone: backbone, packs: [own]), pack: own.identity, pool: pool)
      #expect(result.ownSelectedShare == share)
      #expect(result.noneSelectedShare == share)
      #expect(result.accuracy > 0.8, "accuracy is the pack's own, selected or not")
    }
  }

  @Test func `a head that always says one label is right on its share`() throws {
    let own = pack("own", threshold: 0, headBias: [1_000, 0])
    let result = try set.run(
      on: MixtureModel(backbone: backbone, packs: [own]), pack: own.identity, pool: pool)
    #expect(result.correct == 14)
    #expect(result.accuracy == 14.0 / 27)
    #expect(result.isCorrect.prefix(6) == [true, false, nil, true, false, nil])
  }

  @Test func `a set without texts to leave alone has no such figures`() throws {
    let own = pack("own", threshold: 0)
    let mixture = MixtureModel(backbone: backbone, packs: [own])
    let labelled = EvalSet(
      name: "labelled", task: "issue", examples: examples.filter { $0.expectation != .none })
    let result = try labelled.run(on: mixture, pack: own.identity, pool: pool)
    #expect(result.noneSelectedShare == nil && result.auroc == nil && result.none == 0)
    let empty = try EvalSet(name: "empty", task: "issue", examples: [])
      .run(on: mixture, pack: own.identity, pool: pool)
    #expect(empty.accuracy == 0 && empty.ownSelectedShare == 0 && empty.isCorrect.isEmpty)
  }

  @Test func `another task's predictions count for nothing`() throws {
    let own = pack("own", threshold: 0)
    let result = try EvalSet(name: "other", task: "other", examples: examples).run(
      on: MixtureModel(backbone: backbone, packs: [own]), pack: own.identity, pool: pool)
    #expect(result.correct == 0 && result.labelled == 27)
  }

  @Test func `progress counts each text once`() throws {
    let own = pack("own", threshold: 0)
    let done = Mutex(0)
    _ = try set.run(
      on: MixtureModel(backbone: backbone, packs: [own]), pack: own.identity, pool: pool
    ) { count in done.withLock { $0 += count } }
    #expect(done.withLock { $0 } == 40)
  }

  @Test func `a pack that is not mounted, and one whose numbers are none, are errors`() throws {
    let own = pack("own", threshold: 0)
    let mixture = MixtureModel(backbone: backbone, packs: [own])
    let absent = #expect(throws: MixtureError.self) {
      try set.run(on: mixture, pack: identity("absent"), pool: pool)
    }
    #expect(absent?.code == "pack-not-installed")
    let broken = pack("broken", threshold: 0, headBias: [.nan, 0])
    let error = #expect(throws: MixtureError.self) {
      try set.run(
        on: MixtureModel(backbone: backbone, packs: [broken]), pack: broken.identity, pool: pool)
    }
    #expect(error?.code == "numerical-error")
  }
}
