public import Foundation
public import MoEBase
public import MoEModel
public import MoEPackFormat
public import MoERuntime
import MoETensor
import SafeTensors

/// A pack for ``TinyBackbone`` that knows some of the topics of ``TinyTexts``: really signed, really able.
public struct TinyPack: Sendable {
  /// The key that signs.
  public static let key = key(1)
  /// A key nobody trusts.
  public static let stranger = key(2)

  /// What the manifest says; a test may change it before ``write(to:keys:)``.
  public var manifest: Manifest
  /// The entries; a test may change them.
  public var entries: [PackEntry]
  /// The values of every tensor, by entry and name.
  public private(set) var tensors: [String: [String: [Float]]]
  /// What is said of the labels.
  public let labels: LabelCatalog
  /// What it is for.
  private let backbone: Backbone

  /// Makes a pack.
  ///
  /// - Parameters:
  ///   - name: `namespace/name`.
  ///   - topics: The topics it knows, a label each.
  ///   - version: The version.
  ///   - release: The release.
  ///   - expertCount: Experts in each of the two upper layers; 0 for none.
  ///   - backbone: What to measure embeddings on.
  /// - Throws: What making the files throws.
  public init(
    _ name: String, topics: [Int], version: String = "1.0.0", release: Int = 1,
    expertCount: Int = 1, backbone: Backbone
  ) throws {
    guard let pack = PackName(name), let version = SemanticVersion(version) else {
      throw TinyPackError.name(name)
    }
    let training = TopicTexts(topics: topics, perTopic: 24, seed: 5)
    let evaluation = TopicTexts(topics: topics, perTopic: 10, seed: 6)
    manifest = Self.manifest(
      pack, version, release: release, topics: topics, expertCount: expertCount,
      evaluation: evaluation)
    labels = Self.labels(topics)
    let fit = try TinyFit(
      training, labels: manifest.tasks[0].labels, expertCount: expertCount, backbone: backbone)
    manifest.dispatcher.threshold = fit.threshold
    tensors = fit.tensors
    self.backbone = backbone
    entries = Self.entries(
      manifest, tensors: tensors, labels: labels, evaluation: evaluation.lines, backbone: backbone)
  }

  /// Makes a pack of its parts, for any backbone; it has one eval set.
  ///
  /// - Parameters:
  ///   - manifest: What it says.
  ///   - tensors: The values of every tensor, by entry and name.
  ///   - labels: What is said of the labels.
  ///   - evaluation: The lines of the eval set.
  ///   - backbone: What it is for.
  public init(
    manifest: Manifest, tensors: [String: [String: [Float]]], labels: LabelCatalog,
    evaluation: [UInt8], backbone: Backbone
  ) {
    self.manifest = manifest
    self.tensors = tensors
    self.labels = labels
    self.backbone = backbone
    entries = Self.entries(
      manifest, tensors: tensors, labels: labels, evaluation: evaluation, backbone: backbone)
  }

  private static func entries(
    _ manifest: Manifest, tensors: [String: [String: [Float]]], labels: LabelCatalog,
    evaluation: [UInt8], backbone: Backbone
  ) -> [PackEntry] {
    var entries = [
      PackEntry(name: EntryName.labels, bytes: labels.bytes),
      PackEntry(name: EntryName.evaluation("issue"), bytes: evaluation),
      PackEntry(name: EntryName.card, bytes: Array("# \(manifest.pack)\n".utf8)),
      PackEntry(name: EntryName.license, bytes: Array("Apache-2.0\n".utf8)),
    ]
    for (entry, values) in tensors {
      var writer = SafeTensorsWriter()
      for tensor in manifest.expectedTensors(of: backbone) where tensor.entry == entry {
        writer.add(tensor.name, shape: tensor.shape, floats: values[tensor.name] ?? [])
      }
      entries.append(PackEntry(name: entry, bytes: writer.bytes()))
    }
    return entries
  }

  /// Puts an entry in the place of the one of that name.
  public mutating func replaceEntry(_ entry: PackEntry) {
    entries = entries.map { $0.name == entry.name ? entry : $0 }
  }

  /// Puts other values in the place of a tensor's.
  public mutating func replaceTensor(
    _ name: String, of entry: String, with edit: ([Float]) -> [Float]
  ) {
    replaceTensors(of: entry) { $0 == name ? edit($1) : $1 }
  }

  /// Puts other values in the place of all tensors of an entry, by name; their shapes follow the manifest.
  public mutating func replaceTensors(
    of entry: String, with edit: (String, [Float]) -> [Float]
  ) {
    for (name, values) in tensors[entry] ?? [:] { tensors[entry]?[name] = edit(name, values) }
    replaceEntry(PackEntry(name: entry, bytes: file(entry)))
  }

  /// Puts other lines in the place of the eval set's; the manifest's counts follow.
  public mutating func replaceEvaluation(with lines: [JSONValue]) {
    let none = lines.count { $0["expect"] != nil }
    manifest.evals[0].examples = lines.count - none
    manifest.evals[0].none = none
    if none == 0 {
      manifest.evals[0].routing.noneSelected = nil
      manifest.evals[0].routing.auroc = nil
    }
    replaceEntry(
      PackEntry(
        name: EntryName.evaluation("issue"), bytes: lines.flatMap { $0.bytes + [0x0A] }))
  }

  /// The lines of the eval set.
  public var evaluation: [JSONValue] {
    let bytes = entries.first { $0.name == EntryName.evaluation("issue") }?.bytes ?? []
    return bytes.split(separator: 0x0A).compactMap { try? JSONValue(parsing: Array($0)) }
  }

  private func file(_ entry: String) -> [UInt8] {
    var writer = SafeTensorsWriter()
    for tensor in manifest.expectedTensors(of: backbone) where tensor.entry == entry {
      writer.add(tensor.name, shape: tensor.shape, floats: tensors[entry]?[tensor.name] ?? [])
    }
    return writer.bytes()
  }

  /// Signs the pack with one entry that the writer would refuse.
  public func write(to url: URL, smuggling entry: PackEntry) throws {
    var manifest = try PackWriter(keys: [Self.key]).completed(self.manifest, entries: entries)
    manifest.entries = manifest.entries.map {
      guard $0.name == entry.name else { return $0 }
      return Manifest.Entry(
        name: $0.name, size: entry.bytes.count, digest: Digest(of: entry.bytes),
        mediaType: $0.mediaType)
    }
    let subject = manifest.entries.map {
      #"{"name":"\#($0.name)","digest":{"sha256":"\#($0.digest.hex)"}}"#
    }
    let payload =
      #"{"_type":"https://in-toto.io/Statement/v1","subject":[\#(subject.joined(separator: ","))],"#
      + #""predicateType":"urn:moe-pack:manifest:1","predicate":\#(manifest.json.text)}"#
    let parts = manifest.entries.compactMap { listed in
      listed.name == entry.name ? entry : entries.first { $0.name == listed.name }
    }
    let envelope = Envelope(signing: Array(payload.utf8), with: [Self.key]).bytes
    try Data(
      try PackWriter.archive([PackEntry(name: EntryName.envelope, bytes: envelope)] + parts)
    ).write(to: url)
  }

  /// Fills the heads with one value: what they then say means nothing.
  public mutating func replaceHeads(with value: Float) {
    var writer = SafeTensorsWriter()
    for tensor in manifest.expectedTensors(of: backbone)
    where tensor.entry == EntryName.heads {
      let count = tensor.shape.reduce(1, *)
      writer.add(
        tensor.name, shape: tensor.shape, floats: [Float](repeating: value, count: count))
    }
    replaceEntry(PackEntry(name: EntryName.heads, bytes: writer.bytes()))
  }

  /// Signs the pack and writes its archive.
  ///
  /// - Returns: The pack digest.
  @discardableResult
  public func write(to url: URL, keys: [SigningKey] = [TinyPack.key]) throws -> Digest {
    try PackWriter(keys: keys).write(manifest, entries: entries, to: url).digest
  }

  /// The pack composed in memory, past every check of an installation.
  ///
  /// - Parameters:
  ///   - digest: The digest it goes by.
  ///   - poisoned: The entries all of whose values are NaN.
  ///   - threshold: Another τ than the fitted one.
  ///   - other: The backbone to run on instead of the one it was fitted on: the same in another precision.
  /// - Returns: The pack, mounted.
  /// - Throws: What making the files throws.
  public func mounted(
    digest: Digest, poisoned: Set<String> = [], threshold: Double? = nil,
    on other: Backbone? = nil
  ) throws -> MountedPack {
    var files: [String: SafeTensorsFile] = [:]
    for (entry, values) in tensors {
      var writer = SafeTensorsWriter()
      for tensor in manifest.expectedTensors(of: backbone) where tensor.entry == entry {
        let honest = values[tensor.name] ?? []
        writer.add(
          tensor.name, shape: tensor.shape,
          floats: poisoned.contains(entry) ? honest.map { _ in .nan } : honest)
      }
      files[entry] = try SafeTensorsFile(bytes: writer.bytes(), name: entry)
    }
    guard let router = files[EntryName.router], let heads = files[EntryName.heads] else {
      throw TinyPackError.name(manifest.pack.description)
    }
    var shape = PackShape(manifest)
    if let threshold { shape.threshold = threshold }
    return MountedPack(
      manifest: manifest, labels: labels,
      model: try PackModel(
        identity: PackIdentity(
          name: manifest.pack.description, version: manifest.version.description, digest: digest),
        shape: shape, backbone: (other ?? backbone).outline, experts: files[EntryName.experts],
        router: router,
        heads: heads))
  }

  private static func key(_ number: UInt8) -> SigningKey {
    guard let key = try? SigningKey(seed: [UInt8](repeating: number, count: 32)) else {
      preconditionFailure("a seed of 32 bytes")
    }
    return key
  }

  private static func labels(_ topics: [Int]) -> LabelCatalog {
    var labels = LabelCatalog()
    for topic in topics {
      labels["issue", "topic-\(topic)"] = LabelCatalog.Label(
        title: "Topic \(topic)", authority: "Act of Topics, section \(topic)")
    }
    return labels
  }

  private static func manifest(
    _ pack: PackName, _ version: SemanticVersion, release: Int, topics: [Int], expertCount: Int,
    evaluation: TopicTexts
  ) -> Manifest {
    Manifest(
      pack: pack, version: version, release: release, summary: "A pack for tests",
      license: "Apache-2.0",
      about: Manifest.About(languages: ["en"], jurisdictions: ["SG"], asOf: "2026-01-01"),
      backbone: Manifest.Backbone(name: "tiny", digest: TinyBackbone.digest),
      tokenizer: TinyBackbone.tokenizerDigest, profile: TinyBackbone.profileDigest,
      experts: expertCount == 0
        ? nil
        : Manifest.Experts(
          layers: [1, 2], width: 8, count: expertCount, topK: min(2, expertCount),
          utilization: expertCount == 1
            ? []
            : (0..<2).map { _ in
              Manifest.Utilization(
                shares: (0..<expertCount).map { _ in 1 / Double(expertCount) }, entropy: 0.5)
            }),
      tasks: [Manifest.Task(name: "issue", labels: topics.map { "topic-\($0)" })],
      evals: [
        Manifest.Evaluation(
          name: "issue", task: "issue", value: 0.9, floor: 0.8, tolerance: 0.1,
          examples: evaluation.own.count, none: evaluation.others.count,
          routing: Manifest.Routing(ownSelected: 1, noneSelected: 0, auroc: 1))
      ],
      dispatcher: Manifest.Dispatcher(
        rows: topics.count, threshold: 0, temperature: 1,
        calibration: Manifest.Calibration(
          ownRecall: 1, falseActivation: 0, ownExamples: 1, negativeExamples: 1)),
      provenance: Manifest.Provenance(
        trainer: "test 1", seed: 1, cpuClass: "any", kernels: "any", data: [],
        settings: .object([])))
  }
}

extension Manifest {
  /// The tensors of a pack with this manifest on a backbone.
  public func expectedTensors(of backbone: MoEModel.Backbone) -> [Tensor] {
    expectedTensors(width: backbone.width, featureWidth: backbone.featureWidth)
  }
}

/// Why a tiny pack cannot be made.
enum TinyPackError: Error {
  case name(String)
}

/// Texts of some topics with their labels, and texts of none.
struct TopicTexts {
  let own: [(text: String, topic: Int)]
  let others: [String]

  init(topics: [Int], perTopic: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    own = topics.flatMap { topic in
      (0..<perTopic).map { _ in (TinyTexts.text(topic: topic, using: &generator), topic) }
    }
    others = (0..<perTopic * 2).map { _ in TinyTexts.text(topic: nil, using: &generator) }
  }

  /// The lines of an eval set.
  var lines: [UInt8] {
    var bytes: [UInt8] = []
    for example in own {
      let line: JSONValue = [
        "text": .string(example.text), "label": .string("topic-\(example.topic)"),
      ]
      bytes += line.bytes + [0x0A]
    }
    for text in others {
      let line: JSONValue = ["text": .string(text), "expect": "none"]
      bytes += line.bytes + [0x0A]
    }
    return bytes
  }
}
