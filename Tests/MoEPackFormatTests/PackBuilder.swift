import Foundation
import MoEBase
import MoEPackFormat
import SafeTensors

/// Makes small packs that are signed for real, and can lie in one named way.
struct PackBuilder {
  static let vendor = key(1)
  static let stranger = key(2)
  static let trust = TrustRoot(keys: [
    TrustedKey(vendor.publicKey, namespaces: .only("example"))
  ])
  /// D of the backbone it is for.
  static let width = 8
  /// G.
  static let featureWidth = 24

  var manifest = PackBuilder.manifest
  var entries = PackBuilder.entries
  var keys = [PackBuilder.vendor]

  static func key(_ number: UInt8) -> SigningKey {
    guard let key = try? SigningKey(seed: [UInt8](repeating: number, count: 32)) else {
      preconditionFailure("a seed of 32 bytes")
    }
    return key
  }

  /// The honest archive.
  func archive() throws -> [UInt8] {
    try PackWriter(keys: keys).archive(manifest, entries: entries)
  }

  /// The honest entries in their order, the envelope first.
  func parts() throws -> [PackEntry] {
    let complete = try completed()
    let payload = try payload(complete)
    let envelope = Envelope(signing: payload, with: keys)
    return [PackEntry(name: EntryName.envelope, bytes: envelope.bytes)]
      + complete.entries.compactMap { entry in entries.first { $0.name == entry.name } }
  }

  func completed() throws -> Manifest {
    try PackWriter(keys: keys).completed(manifest, entries: entries)
  }

  /// The statement a reader expects, made independently of the writer.
  func payload(_ manifest: Manifest) throws -> [UInt8] {
    let subject = manifest.entries.map {
      #"{"name":"\#($0.name)","digest":{"sha256":"\#($0.digest.hex)"}}"#
    }
    return Array(
      (#"{"_type":"https://in-toto.io/Statement/v1","subject":[\#(subject.joined(separator: ","))],"#
        + #""predicateType":"urn:moe-pack:manifest:1","predicate":\#(manifest.json.text)}"#).utf8)
  }

  /// An archive whose signed statement is the honest one with `change` made to it.
  func archive(
    changingStatement change: (inout JSONValue) -> Void
  ) throws -> [UInt8] {
    var statement = try JSONValue(parsing: try payload(try completed()))
    change(&statement)
    return try archive(signing: statement.bytes)
  }

  /// An archive with this payload, signed.
  func archive(signing payload: [UInt8]) throws -> [UInt8] {
    try archive(envelope: Envelope(signing: payload, with: keys).bytes)
  }

  /// An archive with this as its `moepack.dsse`.
  func archive(envelope: [UInt8]) throws -> [UInt8] {
    var parts = try parts()
    parts[0] = PackEntry(name: EntryName.envelope, bytes: envelope)
    return try PackWriter.archive(parts)
  }

  // The honest pack.

  static var manifest: Manifest {
    guard let pack = PackName("example/ships"), let version = SemanticVersion("1.2.0") else {
      preconditionFailure("a name and a version")
    }
    return Manifest(
      pack: pack, version: version, release: 3, summary: "Ships and their arrest",
      license: "Apache-2.0",
      about: Manifest.About(languages: ["en"], jurisdictions: ["SG"], asOf: "2026-02-28"),
      backbone: Manifest.Backbone(name: "minilm-l6", digest: Digest(of: [1])),
      tokenizer: Digest(of: [2]), profile: Digest(of: [3]),
      experts: Manifest.Experts(
        layers: [4, 5], width: 4, count: 2, topK: 1,
        utilization: [
          Manifest.Utilization(shares: [0.75, 0.25], entropy: 0.5),
          Manifest.Utilization(shares: [0.99, 0.01], entropy: 0.1),
        ]),
      tasks: [Manifest.Task(name: "issue", labels: ["arrest", "salvage", "Über-Fracht?"])],
      evals: [
        Manifest.Evaluation(
          name: "issue", task: "issue", value: 0.95, floor: 0.9, tolerance: 0.01, examples: 20,
          none: 5,
          routing: Manifest.Routing(ownSelected: 1, noneSelected: 0.2, auroc: 0.99))
      ],
      dispatcher: Manifest.Dispatcher(
        rows: 3, threshold: -0.25, temperature: 1.5,
        calibration: Manifest.Calibration(
          ownRecall: 0.97, falseActivation: 0.01, ownExamples: 60, negativeExamples: 1000)),
      overlaps: PackName("other/cargo").map { [$0] } ?? [],
      provenance: Manifest.Provenance(
        trainer: "moe-pack 0.1.0", seed: 1, cpuClass: "x86-64-v4", kernels: "avx512",
        data: [Manifest.DataFile(file: "data/train.jsonl", digest: Digest(of: [4]), rows: 60)],
        settings: ["learningRate": 0.001, "epochs": 3]))
  }

  static var entries: [PackEntry] {
    var labels = LabelCatalog()
    labels["issue", "arrest"] = LabelCatalog.Label(
      title: "Arrest of a ship", authority: "High Court (Admiralty Jurisdiction) Act 1961 s 4")
    return [
      PackEntry(name: EntryName.license, bytes: Array("Apache-2.0\n".utf8)),
      PackEntry(name: EntryName.card, bytes: Array("# Ships\n".utf8)),
      PackEntry(
        name: "evals/issue.jsonl",
        bytes: Array(#"{"text":"the ship was arrested","label":"arrest"}"#.utf8) + [0x0A]),
      PackEntry(name: EntryName.labels, bytes: labels.bytes),
      tensors(EntryName.heads), tensors(EntryName.router), tensors(EntryName.experts),
    ]
  }

  /// The tensors that an entry of ``manifest`` holds, filled from a seed.
  static func tensors(_ entry: String, changing: (inout [Float], String) -> Void = { _, _ in })
    -> PackEntry
  {
    var generator = SeededGenerator(seed: 11)
    var writer = SafeTensorsWriter()
    for tensor in manifest.expectedTensors(width: width, featureWidth: featureWidth)
    where tensor.entry == entry {
      var values = (0..<tensor.shape.reduce(1, *)).map { _ in Float(generator.normal()) }
      changing(&values, tensor.name)
      writer.add(tensor.name, shape: tensor.shape, floats: values)
    }
    return PackEntry(name: entry, bytes: writer.bytes())
  }

  mutating func replace(_ entry: PackEntry) {
    entries = entries.map { $0.name == entry.name ? entry : $0 }
  }
}

extension JSONValue {
  /// The value with the member at `path` (keys and indices) set; an absent key is added, `nil` removes.
  func setting(_ path: [String], to value: JSONValue?) -> JSONValue {
    guard let first = path.first else { return value ?? .null }
    let rest = Array(path.dropFirst())
    switch self {
    case .object(let members):
      var result: [JSONMember] = []
      var isFound = false
      for member in members {
        guard member.key == first else {
          result.append(member)
          continue
        }
        isFound = true
        if rest.isEmpty, value == nil { continue }
        result.append(JSONMember(first, member.value.setting(rest, to: value)))
      }
      if !isFound, let value { result.append(JSONMember(first, value)) }
      return .object(result)
    case .array(var elements):
      guard let index = Int(first), index < elements.count else { return self }
      if rest.isEmpty, value == nil {
        elements.remove(at: index)
      } else {
        elements[index] = elements[index].setting(rest, to: value)
      }
      return .array(elements)
    default: return self
    }
  }
}
