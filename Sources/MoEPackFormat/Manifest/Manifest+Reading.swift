public import MoEBase
import SafeTensors

extension Manifest {
  /// Reads a manifest strictly: every key known and there, every value of its type and range, and
  /// everything that refers to something else referring to it (``check()``).
  ///
  /// - Throws: `JSONSchemaError` with the path, what was expected there and what stood there.
  public init(json: JSONValue) throws(JSONSchemaError) {
    var reader = try JSONReader(json)
    let formatVersion = try reader.integer("formatVersion", in: 1...Self.knownFormatVersion)
    let specVersion = try reader.integer("specVersion", in: 1...Self.knownSpecVersion)
    self.init(
      features: try reader.strings("features"),
      pack: try reader.packName("pack"),
      version: try reader.semanticVersion("version"),
      release: try reader.integer("release", in: 1...1 << 53),
      summary: try reader.shownText("summary", atMost: 300),
      license: try reader.shownText("license", atMost: 300),
      about: try About(try reader.object("about")),
      backbone: try Backbone(try reader.object("backbone")),
      tokenizer: try reader.digest("tokenizer"),
      profile: try reader.digest("profile"),
      experts: try Experts(orNull: &reader),
      tasks: try reader.list("tasks", in: 1...64) { reader throws(JSONSchemaError) in
        try Task(reader)
      },
      evals: try reader.list("evals", in: 0...64) { reader throws(JSONSchemaError) in
        try Evaluation(reader)
      },
      dispatcher: try Dispatcher(try reader.object("dispatcher")),
      overlaps: try reader.packNames("overlaps"),
      nearDuplicatesAllowed: try reader.boolean("nearDuplicatesAllowed"),
      provenance: try Provenance(try reader.object("provenance")))
    requires = try reader.requirements("requires")
    conflicts = try reader.optionalPackNames("conflicts")
    supersedes = try reader.optionalPackNames("supersedes")
    self.formatVersion = formatVersion
    self.specVersion = specVersion
    gateVersion = try reader.integer("gateVersion", in: 1...Self.knownGateVersion)
    pooling = try reader.word("pooling", ["mean"])
    entries = try reader.list("entries", in: 1...4096) { reader throws(JSONSchemaError) in
      try Entry(reader)
    }
    tensors = try reader.list("tensors", in: 1...65_536) { reader throws(JSONSchemaError) in
      try Tensor(reader)
    }
    try reader.finish()
    try check()
  }
}

extension Manifest.About {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    self.init(
      languages: try reader.tags("languages"), jurisdictions: try reader.tags("jurisdictions"),
      asOf: try reader.date("asOf"))
    try reader.finish()
  }
}

extension Manifest.Backbone {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    self.init(name: try reader.shownText("name", atMost: 100), digest: try reader.digest("digest"))
    try reader.finish()
  }
}

extension Manifest.Experts {
  fileprivate init?(orNull parent: inout JSONReader) throws(JSONSchemaError) {
    if case .null = try parent.value("experts") { return nil }
    var reader = try parent.object("experts")
    let layers = try reader.integers("layers", count: 1...1024, in: 0...1023)
    let width = try reader.integer("width", in: 1...65_536)
    let count = try reader.integer("count", in: 1...1024)
    self.init(
      layers: layers, width: width, count: count,
      topK: try reader.integer("topK", in: 1...count),
      activation: try reader.word("activation", ["gelu", Self.gated]),
      utilization: try reader.list("utilization", in: 0...1024) { reader throws(JSONSchemaError) in
        try Manifest.Utilization(reader)
      })
    try reader.finish()
  }
}

extension Manifest.Utilization {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    self.init(
      shares: try reader.numbers("shares", count: 1...1024, in: 0...1),
      entropy: try reader.number("entropy", in: 0...10))
    try reader.finish()
  }
}

extension Manifest.Task {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    let name = try reader.name("name")
    let word = try reader.word("kind", TaskKind.allCases.map(\.rawValue))
    let kind = TaskKind(rawValue: word) ?? .classify
    self.init(
      name: name, kind: kind,
      version: reader.optional("version") == nil
        ? 1 : try reader.integer("version", in: 2...1_000_000),
      labels: kind.hasLabels
        ? try reader.shownTexts("labels", count: 1...65_536, atMost: 128) : [],
      completion: kind == .generate
        ? CompletionSettings(
          maximumTokens: try reader.integer("maximumTokens", in: 1...65_536),
          stops: try reader.stops("stop")) : nil)
    try reader.finish()
  }
}

extension Manifest.Evaluation {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    var routing = try reader.object("routing")
    self.init(
      name: try reader.name("name"), task: try reader.name("task"),
      metric: try reader.word(
        "metric",
        TaskKind.allCases.flatMap(\.metrics).reduce(into: []) {
          if !$0.contains($1) { $0.append($1) }
        }),
      value: try reader.number("value", in: 0...100),
      floor: try reader.number("floor", in: 0...100),
      tolerance: try reader.number("tolerance", in: 0...1),
      examples: try reader.integer("examples", in: 1...1 << 40),
      none: try reader.integer("none", in: 0...1 << 40),
      routing: Manifest.Routing(
        ownSelected: try routing.number("ownSelected", in: 0...1),
        noneSelected: try routing.share("noneSelected"), auroc: try routing.share("auroc")))
    entry = try reader.string("entry")
    try routing.finish()
    try reader.finish()
  }
}

extension Manifest.Dispatcher {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    var calibration = try reader.object("calibration")
    self.init(
      rows: try reader.integer("rows", in: 1...1_048_576),
      ngramShare: reader.optional("ngramShare") == nil
        ? 0 : try reader.number("ngramShare", in: 0.01...0.99),
      threshold: try reader.number("threshold", in: -1e6...1e6),
      temperature: try reader.number("temperature", in: 1e-6...1e6),
      calibration: Manifest.Calibration(
        ownRecall: try calibration.number("ownRecall", in: 0...1),
        falseActivation: try calibration.number("falseActivation", in: 0...1),
        ownExamples: try calibration.integer("ownExamples", in: 0...1 << 40),
        negativeExamples: try calibration.integer("negativeExamples", in: 0...1 << 40)))
    try calibration.finish()
    try reader.finish()
  }
}

extension Manifest.Provenance {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    self.init(
      trainer: try reader.shownText("trainer", atMost: 200),
      seed: UInt64(clamping: try reader.integer("seed", in: 0...Int.max)),
      cpuClass: try reader.shownText("cpuClass", atMost: 200),
      kernels: try reader.shownText("kernels", atMost: 200),
      data: try reader.list("data", in: 0...4096) { reader throws(JSONSchemaError) in
        try Manifest.DataFile(reader)
      },
      settings: try reader.value("settings"))
    _ = try reader.object("settings")
    try reader.finish()
  }
}

extension Manifest.DataFile {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    self.init(
      file: try reader.shownText("file", atMost: 255), digest: try reader.digest("digest"),
      rows: try reader.integer("rows", in: 0...1 << 40))
    try reader.finish()
  }
}

extension Manifest.Entry {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    self.init(
      name: try reader.string("name"), size: try reader.integer("size", in: 0...1 << 33 - 1),
      digest: try reader.digest("digest"), mediaType: try reader.string("mediaType"))
    try reader.finish()
  }
}

extension Manifest.Tensor {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    let dtype = try reader.word("dtype", DType.allCases.map(\.rawValue))
    self.init(
      entry: try reader.string("entry"), name: try reader.shownText("name", atMost: 256),
      dtype: DType(rawValue: dtype) ?? .f32,
      shape: try reader.integers("shape", count: 0...8, in: 1...1 << 40))
    try reader.finish()
  }
}
