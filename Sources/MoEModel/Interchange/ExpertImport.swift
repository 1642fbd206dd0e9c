public import Foundation
import MoEBase
import MoETensor
import SafeTensors

/// The experts that a checkpoint has more than a backbone, as the tensors of a pack that `pack build` takes.
///
/// Of a family with experts: the experts and router rows beyond the backbone's own, which must be the
/// checkpoint's first, bit for bit; widths that are zero in all of them are cut off, as an export added them. Of a
/// dense family: what its feed-forward networks became more than the backbone's, each layer that differs one
/// expert of twice the width, exactly,
///
/// ```
/// E(h) = FFN_tuned(h) − FFN_base(h):  gate = [G_t; G_b],  up = [U_t; U_b],  down = [D_t, −D_b]
/// ```
///
/// with a router of zeros. Reference: Komatsuzaki et al., *Sparse Upcycling* (2022), arXiv:2212.05055.
public struct ExpertImport {
  /// What to take, and how.
  public struct Options: Sendable {
    /// Which experts, counted as the checkpoint does; all beyond the backbone's where absent.
    public var experts: ClosedRange<Int>?
    /// Experts a token; the checkpoint's own number, as far as there are so many, where absent.
    public var topK: Int?
    /// Whether other tensors may differ from the backbone's; they are left out.
    public var ignoresOtherChanges = false

    /// Takes everything, and nothing that a pack cannot carry.
    public init() {}
  }

  /// The layers that get experts, ascending.
  public let layers: [Int]
  /// E, experts a layer.
  public let expertCount: Int
  /// F, the width of each.
  public let expertWidth: Int
  /// K, experts a token.
  public let topK: Int
  /// The tensors that differ from the backbone's and are left out.
  public let ignored: [String]

  private let experts: [PlannedTensor]
  private let routers: [PlannedTensor]
  private let record: JSONValue

  /// Compares a checkpoint with the backbone it was made from, and plans the pack's tensors.
  ///
  /// - Parameters:
  ///   - directory: The checkpoint.
  ///   - backbone: The backbone, registered.
  ///   - options: What to take.
  /// - Throws: ``InterchangeError``, ``BackboneError`` or `SafeTensorsError`.
  public init(_ directory: URL, backbone: LanguageModel, options: Options = Options()) throws {
    let comparison = try CheckpointComparison(directory, backbone: backbone)
    let cut =
      comparison.architecture.family == .llama
      ? try comparison.upcycled() : try comparison.added(options.experts)
    let ignored = try comparison.otherChanges()
    guard ignored.isEmpty || options.ignoresOtherChanges else {
      throw InterchangeError.otherChanges(names: ignored, backbone: backbone.name)
    }
    let topK = options.topK ?? min(cut.topK, cut.count)
    guard (1...cut.count).contains(topK) else {
      throw InterchangeError.badTopK(topK, count: cut.count)
    }
    layers = cut.layers
    expertCount = cut.count
    expertWidth = cut.width
    self.topK = topK
    self.ignored = ignored
    experts = cut.experts
    routers = cut.routers
    record = [
      "checkpoint": .string(directory.standardizedFileURL.lastPathComponent),
      "modelType": .string(comparison.architecture.family.rawValue),
      "width": .integer(comparison.architecture.width),
      "experts": [
        "layers": .array(cut.layers.map { .integer($0) }), "count": .integer(cut.count),
        "width": .integer(cut.width), "topK": .integer(topK),
      ],
      "imported": [
        "from": cut.chosen.map {
          ["experts": [.integer($0.lowerBound), .integer($0.upperBound)]]
        } ?? "dense",
        "backbone": [
          "name": .string(backbone.name), "digest": .digest(backbone.digest),
        ],
        "files": .object(
          try comparison.digests().sorted { $0.key < $1.key }
            .map { JSONMember($0.key, .digest($0.value)) }),
        "ignored": .array(ignored.map { .string($0) }),
      ],
    ]
  }

  /// Writes `experts.safetensors`, `router.safetensors` and `training.json`: all of them, or nothing.
  ///
  /// - Parameters:
  ///   - directory: A new or an empty directory.
  ///   - progress: Told the bytes written, and of how many.
  /// - Throws: ``InterchangeError``, or ``BackboneError/notFinite(tensor:index:)``.
  public func write(
    to directory: URL, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws {
    let total = (experts + routers).reduce(0) { $0 + $1.byteCount }
    var done = 0
    func tell(_ count: Int) {
      done += count
      progress?(done, total)
    }
    try StagedDirectory.write(directory) { staging in
      try SafeTensorsStream.write(
        experts, to: staging.appending(path: ExpertTensors.expertFile), progress: tell)
      try SafeTensorsStream.write(
        routers, to: staging.appending(path: ExpertTensors.routerFile), progress: tell)
      try Data((record.prettyText + "\n").utf8)
        .write(to: staging.appending(path: ExpertTensors.recordFile))
    }
  }
}
