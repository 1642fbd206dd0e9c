import Foundation
import MoEBase
import MoEModel
import MoETestSupport
import SafeTensors
import Testing

/// Packs on a small language model with random weights, through the commands of vendor and operator.
@Suite struct LanguagePackTests {
  let bench: CommandBench
  private static let own = Array("xvkwympu")
  private static let others = Array("etaoinshrdl")
  private static let layers = [0, 1]
  private static let width = 32

  init() throws {
    bench = try CommandBench(onTinyBackbone: false)
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../MoEModelTests/Decoder/Golden/olmoe").standardizedFileURL
    let corpus = bench.directory.path("corpus.jsonl")
    let lines = Self.texts(Self.others, count: 2200, seed: 1).map {
      ["text": .string($0)] as JSONValue
    }
    try Self.write(lines, to: corpus)
    for words in [
      ["backbone", "add", golden.path, "--name", "random"],
      ["backbone", "profile", "random", "--corpus", corpus],
      ["key", "new", "-o", bench.directory.path("v.key")],
      ["trust", "add", bench.directory.path("v.key.pub"), "--namespace", "test"],
    ] {
      let result = try bench.run(words: words)
      try #require(result.status == 0, "\(words): \(result.messages)")
    }
  }

  /// Texts of words of some letters, fewer tokens than the context.
  private static func texts(_ letters: [Character], count: Int, seed: UInt64) -> [String] {
    var generator = SeededGenerator(seed: seed)
    var seen: Set<String> = []
    while seen.count < count {
      seen.insert(
        (0..<3 + generator.below(4)).map { _ in
          String((0..<3 + generator.below(4)).map { _ in letters[generator.below(letters.count)] })
        }.joined(separator: " "))
    }
    return seen.sorted()
  }

  private static func write(_ lines: [JSONValue], to path: String) throws {
    try Data(lines.flatMap { $0.bytes + [0x0A] }).write(to: URL(fileURLWithPath: path))
  }

  /// Writes a source with random experts, and builds it.
  private func build(
    _ name: String, kind: String, metric: String, floor: String, line: (String) -> JSONValue,
    settings: String = "", editing edit: (String) throws -> Void = { _ in }
  ) throws -> CommandBench.Result {
    let source = bench.directory.path(name)
    for part in ["data", "evals", "experts"] {
      try FileManager.default.createDirectory(
        atPath: "\(source)/\(part)", withIntermediateDirectories: true)
    }
    let texts = Self.texts(Self.own, count: 160, seed: 2)
    try Self.write(texts[..<120].map(line), to: "\(source)/data/train.jsonl")
    let none: [JSONValue] = Self.texts(Self.others, count: 30, seed: 3).map {
      ["text": .string($0), "expect": "none"]
    }
    try Self.write(texts[120...].map(line) + none, to: "\(source)/evals/own.jsonl")
    try "# \(name)\n".write(toFile: "\(source)/CARD.md", atomically: true, encoding: .utf8)
    try "none\n".write(toFile: "\(source)/LICENSE", atomically: true, encoding: .utf8)
    try """
    pack: test/\(name)
    version: 1.0.0
    release: 1
    summary: A pack for tests
    about: {languages: [en], asOf: 2026-01-01}
    license: Apache-2.0
    backbone: random
    tasks:
      text: {kind: \(kind), train: data/train.jsonl\(settings)}
    evals:
      own: {task: text, data: evals/own.jsonl, metric: \(metric), floor: \(floor)}
    experts: {tensors: experts}
    """.write(toFile: "\(source)/pack.yaml", atomically: true, encoding: .utf8)
    try writeExperts("\(source)/experts")
    try edit(source)
    return try bench.run(
      "pack", "build", source, "-o", bench.directory.path("\(name).moepack"), "--key",
      bench.directory.path("v.key"), "--allow-near-duplicates")
  }

  private func writeExperts(_ directory: String) throws {
    var generator = SeededGenerator(seed: 9)
    var experts = SafeTensorsWriter()
    var router = SafeTensorsWriter()
    func random(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float(generator.uniform() - 0.5) }
    }
    for layer in Self.layers {
      router.add(
        TensorName.routerWeight(layer: layer), shape: [2, Self.width],
        floats: random(2 * Self.width))
      for expert in 0..<2 {
        for (name, shape) in [
          (TensorName.expertGateWeight(layer: layer, expert: expert), [4, Self.width]),
          (TensorName.expertUpWeight(layer: layer, expert: expert), [4, Self.width]),
          (TensorName.expertDownWeight(layer: layer, expert: expert), [Self.width, 4]),
        ] {
          experts.add(name, shape: shape, floats: random(4 * Self.width))
        }
      }
    }
    for (name, bytes) in [
      ("experts.safetensors", experts.bytes()), ("router.safetensors", router.bytes()),
      (
        "training.json",
        Array(#"{"experts": {"layers": [0, 1], "width": 4, "count": 2, "topK": 1}}"#.utf8)
      ),
    ] {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
    }
  }

  private func install(_ name: String) throws {
    let result = try bench.run("install", bench.directory.path("\(name).moepack"))
    try #require(result.status == 0, "\(result.messages)")
  }

  @Test func `a pack is built, proven, speaks when it is responsible, and goes without a trace`()
    throws
  {
    let built = try build("own", kind: "perplexity", metric: "natsPerByte", floor: "20") {
      ["text": .string($0)]
    }
    #expect(built.status == 0, "\(built.messages)")
    #expect(built.output.contains("2 of width 4, top 1, in 2 layers, trained elsewhere"))
    let requests = CommandBench.requests(
      Self.texts(Self.own, count: 12, seed: 5) + Self.texts(Self.others, count: 12, seed: 6))
    func scores(_ arguments: String...) throws -> [JSONValue] {
      let result = try bench.run(words: ["score"] + arguments, input: requests)
      try #require(result.status == 0, "\(result.messages)")
      return try result.jsonLines()
    }
    let before = try scores()
    try install("own")
    let after = try scores()
    let alone = try scores("--backbone", "random")
    #expect(alone == before)
    let routed = after.map { $0["route"] != .array([]) }
    #expect(routed.prefix(12).count { $0 } >= 10 && routed.suffix(12).count { $0 } <= 1)
    for (index, isRouted) in routed.enumerated() {
      #expect((after[index]["logits"] == before[index]["logits"]) == !isRouted)
    }
    let text = Self.texts(Self.own, count: 1, seed: 7)[0]
    let spoken = try bench.run("generate", "--pack", "test/own", text, "--max-tokens", "3")
    #expect(spoken.status == 0 && spoken.messages.contains("test/own 1.0.0 spoke on random"))
    let asked = try bench.run("ask", "--json", "--pack", "test/own", text).json()
    #expect(asked["forced"] == true && asked["backbone"] == "random" && asked["text"] != nil)
    #expect(try bench.run("eval", "--json").json()["packs"] != nil)
    #expect(try bench.run("remove", "test/own").status == 0)
    #expect(try scores("--backbone", "random") == before)
  }

  @Test func `the store's packs go out in a checkpoint, and come back`() throws {
    let built = try build("own", kind: "perplexity", metric: "natsPerByte", floor: "20") {
      ["text": .string($0)]
    }
    try #require(built.status == 0, "\(built.messages)")
    try install("own")
    let checkpoint = bench.directory.path("flat")
    let exported = try bench.run("export", "--format", "hf", checkpoint, "--json")
    #expect(
      try exported.json()["experts"] == [
        ["owner": "random", "first": 0, "last": 5], ["owner": "test/own", "first": 6, "last": 7],
      ])
    let back = bench.directory.path("back")
    let imported = try bench.run(
      "pack", "import", checkpoint, "--backbone", "random", "--top-k", "1", "-o", back)
    #expect(imported.output.hasSuffix("2 experts of width 4 in 2 layers, top 1\n"))
    let again = try build(
      "again", kind: "perplexity", metric: "natsPerByte", floor: "20",
      line: { ["text": .string($0)] },
      editing: { source in
        try FileManager.default.removeItem(atPath: "\(source)/experts")
        try FileManager.default.copyItem(atPath: back, toPath: "\(source)/experts")
      })
    #expect(again.status == 0, "\(again.messages)")
    let plain = bench.directory.path("plain")
    let alone = try bench.run(
      "export", "--format", "hf", plain, "--backbone", "random", "--json")
    #expect(try alone.json()["experts"] == [["owner": "random", "first": 0, "last": 5]])
  }

  private static func number(_ value: JSONValue?) -> Double {
    switch value {
    case .number(let number)?: number
    case .integer(let integer)?: Double(integer)
    default: .nan
    }
  }

  @Test func `the suite tells what one softmax would cost, as the exported checkpoint shows it`()
    throws
  {
    let built = try build("own", kind: "perplexity", metric: "natsPerByte", floor: "20") {
      ["text": .string($0)]
    }
    try #require(built.status == 0, "\(built.messages)")
    let installed = try bench.run(
      "install", bench.directory.path("own.moepack"), "--json")
    try #require(installed.status == 0, "\(installed.messages)")
    let page = bench.directory.path("report.html")
    let report = try bench.run("eval", "--json", "--html", page).json()
    let flat = try #require(report["flat"])
    #expect(flat["gateVersion"] == "flat")
    // The same texts, named in the store, and by a program that knows nothing of packs.
    let checkpoint = bench.directory.path("flat")
    try #require(try bench.run("export", "--format", "hf", checkpoint).status == 0)
    try #require(try bench.run("backbone", "add", checkpoint, "--name", "flat").status == 0)
    let texts = Array(Self.texts(Self.own, count: 160, seed: 2)[120..<136])
    func natsPerByte(_ words: String...) throws -> Double {
      let lines = try bench.run(words: ["score"] + words, input: CommandBench.requests(texts))
        .jsonLines()
      func sum(_ key: String) -> Double { lines.reduce(0) { $0 + Self.number($1[key]) } }
      return sum("nats") / sum("bytes")
    }
    guard case .array(let packs) = flat["packs"], packs.count == 1 else {
      Issue.record("\(flat)")
      return
    }
    let isolated = try natsPerByte("--pack", "test/own")
    let joined = try natsPerByte("--backbone", "flat")
    #expect(packs[0]["pack"] == "test/own" && packs[0]["texts"] == 16)
    #expect(abs(Self.number(packs[0]["natsPerByte"]) - isolated) < 1e-9)
    #expect(abs(Self.number(packs[0]["flatNatsPerByte"]) - joined) < 1e-6)
    #expect(abs(Self.number(packs[0]["drift"]) - (joined - isolated)) < 1e-6)
    #expect(abs(joined - isolated) > 1e-3)
    let shown = try bench.run("eval").output
    let sentence = "flat mode, test/own: \(isolated.fixed(3)) nats per byte become"
    #expect(shown.contains(sentence), "\(shown)")
    let html = try String(contentsOfFile: page, encoding: .utf8)
    for id in ["experts-map", "experts-imbalance", "experts-entropy", "flat-drift"] {
      #expect(html.contains("id=\"\(id)"), "\(id)")
    }
  }

  @Test(arguments: [
    ("choose", "accuracy", ""), ("choose", "normalizedAccuracy", ""),
    ("generate", "exactMatch", ", maxTokens: 2, stop: [\"x\"]"), ("generate", "tokenF1", ""),
  ])
  func `choices and answers are measured`(kind: String, metric: String, settings: String) throws {
    let built = try build(
      "own", kind: kind, metric: metric, floor: "0",
      line: { text in
        kind == "choose"
          ? ["text": .string(text), "choices": [" kk", " the sea"], "answer": " kk"]
          : ["text": .string(text), "answer": "kk"]
      }, settings: settings)
    #expect(built.status == 0, "\(built.messages)")
    #expect(built.output.contains("own: \(metric) "))
    try install("own")
    let report = try bench.run("eval", "--json")
    #expect(report.output.contains("\"\(metric)\""), "\(report.output) \(report.messages)")
  }

  @Test func `experts that do not fit are refused by name`() throws {
    func refusal(_ file: String, _ content: String) throws -> CommandBench.Result {
      try build(
        "bad", kind: "perplexity", metric: "natsPerByte", floor: "20",
        line: { ["text": .string($0)] },
        editing: {
          try content.write(toFile: "\($0)/\(file)", atomically: true, encoding: .utf8)
        })
    }
    let layer = try refusal(
      "experts/training.json",
      #"{"experts": {"layers": [0, 2], "width": 4, "count": 2, "topK": 1}}"#)
    #expect(layer.status == 65 && layer.messages.contains("layers from 0 to 1, ascending"))
    let count = try refusal(
      "experts/training.json",
      #"{"experts": {"layers": [0, 1], "width": 4, "count": 3, "topK": 1}}"#)
    #expect(count.status == 65 && count.messages.contains("layers.0.experts.2"))
    let layers = try refusal(
      "experts/training.json", #"{"experts": {"layers": [0], "width": 4, "count": 2, "topK": 1}}"#)
    #expect(layers.status == 65 && layers.messages.contains("that does not map"))
    let file = try refusal("experts/experts.safetensors", "nothing")
    #expect(file.status == 65 && file.messages.contains("experts/experts.safetensors"))
  }

  @Test func `a kind of task that the backbone cannot do is refused`() throws {
    let result = try build(
      "own", kind: "classify", metric: "accuracy", floor: "0",
      line: { ["text": .string($0), "label": "a"] },
      editing: { source in
        let path = "\(source)/pack.yaml"
        let yaml = try String(contentsOfFile: path, encoding: .utf8)
        try yaml.replacing("experts: {tensors: experts}", with: "")
          .write(toFile: path, atomically: true, encoding: .utf8)
      })
    #expect(result.status == 65 && result.messages.contains("`random` cannot do"))
  }
}
