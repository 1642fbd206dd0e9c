import Foundation
import MoEBase
import MoEModel
import MoERuntime
import MoETensor

/// A registered language model as `backbone info` tells it: what it is, how large, and whether it is whole.
struct LanguageModelView {
  private let entry: BackboneRegistry.Entry
  private let session: CommandSession
  private let architecture: DecoderArchitecture
  private let precision: String
  private let panelBytes: Int

  /// Loads the model and holds every file of it to the digest written down when it was registered.
  ///
  /// - Throws: `BackboneDamage`, `BackboneError`, `TokenizerError` or `SafeTensorsError`.
  init(_ entry: BackboneRegistry.Entry, session: CommandSession) throws {
    self.entry = entry
    self.session = session
    try session.withProgress { bar in
      bar.update("checking the files", done: 0, total: 0)
      try entry.checkLanguageModel()
    }
    let model = try session.backbones.languageModel(
      entry.known.digest.description, kernels: try session.kernels())
    architecture = model.decoder.architecture
    precision = model.decoder.formats.map(\.rawValue.localizedLowercase).joined(separator: ", ")
    panelBytes = model.decoder.sizeBytes
  }

  /// Prints it.
  func print(json: Bool) throws {
    let known = entry.known
    let kernels = try session.kernels().path.rawValue
    let threads = try session.pool().threadCount
    guard !json else {
      return try session.console.print(
        json: .object(
          [
            JSONMember("name", .string(known.name)),
            JSONMember("kind", .string(known.kind.rawValue)),
            JSONMember("digest", .digest(known.digest)),
            JSONMember("directory", .string(entry.files.directory.path)),
            JSONMember("family", .string(architecture.family.rawValue)),
          ] + shape + [
            JSONMember("precision", .string(precision)),
            JSONMember("sizeBytes", .integer(panelBytes)),
            JSONMember("kernels", .string(kernels)), JSONMember("threads", .integer(threads)),
          ]))
    }
    for (name, value) in [
      ("name", "\(known.name), a language model of the family `\(architecture.family.rawValue)`"),
      ("source", known.source), ("digest", known.digest.description),
      ("directory", entry.files.directory.path), ("shape", shapeSentence),
      ("experts", expertSentence), ("size", sizeSentence),
      ("runs on", "\(kernels) kernels, \(threads.counted("thread"))"),
    ] {
      try session.console.print(
        session.console.styled(name.padded(to: 9), .dim) + "  " + value.shown())
    }
  }

  private var shape: [JSONMember] {
    let size = architecture.size
    return [
      JSONMember("width", .integer(architecture.width)),
      JSONMember("layers", .integer(architecture.layerCount)),
      JSONMember("heads", .integer(architecture.attention.headCount)),
      JSONMember("keyHeads", .integer(architecture.attention.keyHeadCount)),
      JSONMember("vocabulary", .integer(architecture.vocabularySize)),
      JSONMember("context", .integer(architecture.positionCount)),
      JSONMember(
        "experts",
        gate.map {
          [
            "layers": .array(architecture.sparseLayers.map { .integer($0) }),
            "count": .integer($0.expertCount), "width": .integer($0.expertWidth),
            "topK": .integer($0.topK),
            "sharedWidth": $0.sharedExpertWidth.map { .integer($0) } ?? .null,
          ]
        } ?? .null),
      JSONMember("totalParameters", .integer(size.totalParameters)),
      JSONMember("activeParameters", .integer(size.activeParameters)),
      JSONMember("flopsPerToken", .integer(size.flopsPerToken)),
    ]
  }

  /// The gate of the sparse layers; they all have the same.
  private var gate: ExpertGate? {
    architecture.sparseLayers.first.flatMap {
      if case .sparse(let gate) = architecture.feedForwards[$0] { gate } else { nil }
    }
  }

  private var shapeSentence: String {
    let attention = architecture.attention
    return "\(architecture.layerCount) layers, width \(architecture.width), "
      + "\(attention.headCount) heads over \(attention.keyHeadCount.counted("key head")), "
      + "\(architecture.vocabularySize) tokens, a context of \(architecture.positionCount)"
  }

  private var expertSentence: String {
    guard let gate else { return "none: every token passes every weight" }
    let order =
      gate.order == .softmaxThenTopK
      ? "softmax, then the \(gate.topK) greatest" : "the \(gate.topK) greatest, then softmax"
    let normalization =
      switch gate.normalization {
      case .none: ""
      case .sum: ", divided by their sum"
      case .pNorm(let p): ", divided by their \(p.fixed(1))-norm"
      }
    let shared = gate.sharedExpertWidth.map { ", beside one of width \($0) for every token" } ?? ""
    return "\(gate.expertCount) of width \(gate.expertWidth) in "
      + "\(architecture.sparseLayers.count.counted("layer")), \(gate.topK) a token: "
      + order + normalization + shared
  }

  private var sizeSentence: String {
    let size = architecture.size
    return
      "\(size.totalParameters.magnitudeText) parameters, \(size.activeParameters.magnitudeText) active, "
      + "\(size.flopsPerToken.magnitudeText)FLOP a token; \(panelBytes.byteCount) in \(precision), mapped"
  }
}

extension Int {
  /// The number in thousands, millions or billions: `1.3 G`.
  fileprivate var magnitudeText: String {
    let value = Double(self)
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] where value >= size {
      return "\((value / size).fixed(2)) \(unit)"
    }
    return "\(self) "
  }
}
