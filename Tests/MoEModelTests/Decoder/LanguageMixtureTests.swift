import Foundation
import MoEBase
import MoEModel
import MoETensor
import SafeTensors
import Testing

/// Packs with random experts on a checkpoint with random weights, all of them candidates somewhere.
struct LanguagePacks {
  let backbone: Backbone
  let prompts: [Encoding]

  init(_ decoder: Decoder, promptCount: Int = 12) throws {
    let digest = Digest(of: Array("checkpoint".utf8))
    backbone = Backbone(
      name: "random", digest: digest, tokenizerDigest: digest,
      tokenizer: try Tokenizer(json: Self.tokenizer.bytes, maximumLength: 32),
      transformer: .decoder(decoder),
      files: BackboneFiles(directory: URL(fileURLWithPath: "/nonexistent")))
    var generator = SeededGenerator(seed: 3)
    prompts = (0..<promptCount).map { index in
      let ids = (0..<1 + index * 2).map { _ in
        Int32(generator.below(decoder.architecture.vocabularySize))
      }
      return Encoding(ids: ids, tokenCount: ids.count)
    }
  }

  private static let tokenizer: JSONValue = [
    "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array([]),
    "normalizer": .null,
    "pre_tokenizer": [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    ],
    "post_processor": .null,
    "decoder": [
      "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
    ],
    "model": [
      "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null, "fuse_unk": false, "byte_fallback": false,
      "ignore_merges": false, "vocab": ["a": 0, "b": 1], "merges": .array([]),
    ],
  ]

  /// A pack of a number: packs of different numbers differ in everything.
  func pack(
    _ number: Int, count: Int = 3, topK: Int = 2, isPoisoned: Bool = false, threshold: Double = 0
  ) throws -> PackModel {
    var generator = SeededGenerator(seed: UInt64(number))
    let width = backbone.width
    func random(_ count: Int, _ scale: Double) -> [Float] {
      (0..<count).map { _ in Float((generator.uniform() - 0.5) * scale) }
    }
    let shape = PackShape(
      layers: [0, backbone.layerCount - 1], expertCount: count, expertWidth: 8, topK: topK,
      rowCount: 1, threshold: threshold, temperature: 1,
      tasks: [PackShape.Task(name: "text", labels: [])])
    var router = SafeTensorsWriter()
    var experts = SafeTensorsWriter()
    router.add(TensorName.dispatcherWeight, shape: [1, width], floats: random(width, 40))
    router.add(TensorName.dispatcherBias, shape: [1], floats: [0])
    router.add(TensorName.dispatcherPrior, shape: [1], floats: [1])
    for layer in shape.layers {
      router.add(
        TensorName.routerWeight(layer: layer), shape: [count, width],
        floats: random(count * width, 1))
      for expert in 0..<count {
        for (name, rows) in [
          (TensorName.expertGateWeight(layer: layer, expert: expert), [8, width]),
          (TensorName.expertUpWeight(layer: layer, expert: expert), [8, width]),
          (TensorName.expertDownWeight(layer: layer, expert: expert), [width, 8]),
        ] {
          let values = random(8 * width, 2)
          experts.add(name, shape: rows, floats: isPoisoned ? values.map { _ in .nan } : values)
        }
      }
    }
    return try PackModel(
      identity: PackIdentity(
        name: "test/pack-\(number)", version: "1.0.0", digest: Digest(of: Array("\(number)".utf8))),
      shape: shape, backbone: backbone.outline,
      experts: try SafeTensorsFile(bytes: experts.bytes(), name: "experts.safetensors"),
      router: try SafeTensorsFile(bytes: router.bytes(), name: "router.safetensors"), heads: nil)
  }

  /// Answers and logits of all prompts.
  func outcome(
    _ packs: [PackModel], prompts: [Encoding]? = nil, options: AnswerOptions = AnswerOptions(),
    threads: Int = 1
  ) throws -> (answers: [Answer], logits: [[UInt32]]) {
    let mixture = MixtureModel(backbone: backbone, packs: packs)
    let pool = ThreadPool(threads: threads)
    let prompts = prompts ?? self.prompts
    let answers = try mixture.answer(prompts, options: options, pool: pool)
    let logits = try mixture.nextLogits(prompts, answers: answers, pool: pool)
    return (answers, logits.map { $0.map(\.bitPattern) })
  }
}

@Suite struct LanguageMixtureTests {
  static let checkpoints = ReferenceCheckpoint.all.filter {
    ["olmoe", "mixtral-stacked", "flex_olmo", "llama-llama3", "dbrx", "granitemoe"].contains(
      $0.name)
  }

  private func withPacks(
    _ checkpoint: ReferenceCheckpoint, _ body: (LanguagePacks) throws -> Void
  ) throws {
    try checkpoint.withDecoder { try body(try LanguagePacks($0)) }
  }

  @Test(arguments: checkpoints)
  func `a prompt that a pack is no candidate for has the same bits with and without it`(
    checkpoint: ReferenceCheckpoint
  ) throws {
    try withPacks(checkpoint) { ground in
      let first = try ground.pack(1)
      let poisoned = try ground.pack(2, isPoisoned: true)
      let before = try ground.outcome([first])
      let alone = try ground.outcome([])
      let after = try ground.outcome([first, poisoned])
      let own = try ground.outcome([poisoned]).answers.map { !$0.route.isEmpty }
      #expect(own.contains(true) && own.contains(false))
      for index in ground.prompts.indices where !own[index] {
        #expect(after.answers[index].route == before.answers[index].route)
        #expect(after.logits[index] == before.logits[index])
      }
      // Where the pack speaks, the model says something else than alone.
      let spoken = before.answers.indices.filter { !before.answers[$0].route.isEmpty }
      #expect(!spoken.isEmpty)
      #expect(spoken.allSatisfy { before.logits[$0] != alone.logits[$0] })
      let silent = before.answers.indices.filter { before.answers[$0].route.isEmpty }
      #expect(silent.allSatisfy { before.logits[$0] == alone.logits[$0] })
    }
  }

  @Test(arguments: checkpoints)
  func `bits depend neither on the batch, nor on threads, nor on the order of installs`(
    checkpoint: ReferenceCheckpoint
  ) throws {
    try withPacks(checkpoint) { ground in
      let packs = try (1...3).map { try ground.pack($0, count: $0, topK: min($0, 2)) }
      let whole = try ground.outcome(packs)
      #expect(Set(whole.answers.compactMap { $0.route.first?.pack.name }).count > 1)
      let other = try ground.outcome(packs.reversed(), threads: 3)
      #expect(other.answers == whole.answers && other.logits == whole.logits)
      for size in [1, 3, 8] {
        var start = 0
        while start < ground.prompts.count {
          let range = start..<min(start + size, ground.prompts.count)
          let part = try ground.outcome(packs, prompts: Array(ground.prompts[range]), threads: 2)
          #expect(part.answers == Array(whole.answers[range]))
          #expect(part.logits == Array(whole.logits[range]))
          start += size
        }
      }
    }
  }

  @Test(arguments: checkpoints)
  func `continuations of sequences of different packs run together as if alone`(
    checkpoint: ReferenceCheckpoint
  ) throws {
    try withPacks(checkpoint) { ground in
      let mixture = MixtureModel(
        backbone: ground.backbone, packs: try (1...3).map { try ground.pack($0) })
      let answers = try mixture.answer(ground.prompts, pool: ThreadPool(threads: 1))
      let requests = zip(ground.prompts, answers).map { prompt, answer in
        ContinuationRequest(
          prompt: prompt.ids, sampling: SamplingOptions(temperature: 0.8, seed: 2),
          maximumTokens: 6, endTokens: [], experts: mixture.speakingExperts(of: answer))
      }
      func continued(_ requests: [ContinuationRequest], threads: Int) throws -> [[Int32]] {
        var ids = requests.map { _ in [Int32]() }
        _ = try Continuer(
          decoder: try ground.backbone.decoder, pool: ThreadPool(threads: threads)
        ).run(requests) {
          ids[$0].append($1)
          return true
        }
        return ids
      }
      let together = try continued(requests, threads: 2)
      #expect(together == (try requests.flatMap { try continued([$0], threads: 1) }))
      #expect(Set(together).count > 1)
    }
  }

  @Test func `a score adds up, whatever runs beside it and however long it is`() throws {
    let checkpoint = try #require(Self.checkpoints.first { $0.name == "olmoe" })
    try checkpoint.withDecoder { decoder in
      let ground = try LanguagePacks(decoder)
      let experts = try ground.pack(1).gatedExperts
      let requests = ground.prompts.filter { $0.ids.count > 2 }.flatMap { prompt in
        [nil, experts].map {
          ScoringRequest(
            prompt: Array(prompt.ids.prefix(2)), text: Array(prompt.ids.dropFirst(2)), experts: $0)
        }
      }
      let scorer = TextScorer(decoder: decoder, pool: ThreadPool(threads: 2))
      let scores = try scorer.scores(requests)
      let alone = TextScorer(decoder: decoder, pool: ThreadPool(threads: 1))
      #expect(scores == (try requests.flatMap { try alone.scores([$0]) }))
      for (request, score) in zip(requests, scores) where request.experts == nil {
        let ids = request.prompt + request.text
        let logits = decoder.output(ids).logits
        let size = decoder.architecture.vocabularySize
        var expected = 0.0
        for (place, id) in request.text.enumerated() {
          let row = logits[(place + 1) * size..<(place + 2) * size].map(Double.init)
          expected += row[Int(id)] - log(row.map(exp).reduce(0, +))
        }
        #expect(abs(score.logLikelihood - expected) < 1e-6 * Double(request.text.count))
      }
      #expect(scores[0].digest != scores[1].digest)
    }
  }
}
