public import Foundation
import MoEBase
public import MoEModel
public import MoEPackFormat
public import MoETensor

/// A pack source read as a reviewer would read it: not the first fault, but every kind of fault, with its places.
public struct SourceReview: Sendable {
  /// A label, and how many texts it has.
  public struct LabelCount: Sendable, Equatable {
    /// The label.
    public let label: String
    /// To learn from.
    public let train: Int
    /// To choose by.
    public let valid: Int
    /// To measure by.
    public let eval: Int
  }

  /// The pack's name.
  public let pack: PackName
  /// Its version.
  public let version: SemanticVersion
  /// How many texts there are to learn from.
  public let trainTexts: Int
  /// How many texts near the domain are not the pack's.
  public let negatives: Int
  /// The labels, in the order of their bytes.
  public let labels: [LabelCount]
  /// The eval sets: how many texts have an answer, and how many are to be left alone.
  public let evals: [(name: String, labelled: Int, none: Int)]
  /// What was found, what matters most first.
  public let findings: [Finding]
  /// What a build would end with; `nil` where it goes through.
  public let refusal: SourceError?
  /// Whether texts were compared by what they mean.
  public let comparedMeaning: Bool

  /// Reviews a source.
  ///
  /// - Parameters:
  ///   - directory: The source.
  ///   - allowsNearDuplicates: Whether a build would be told to let near duplicates pass.
  ///   - backbones: The names of the backbones that there are.
  ///   - load: Loads the backbone that the source names, for lengths and meanings; `nil` where it is not there.
  ///   - pool: The threads that share the work.
  ///   - progress: Told the share of the texts that is read, from any thread.
  /// - Throws: ``SourceError`` where `pack.yaml` cannot be read; whatever running the backbone throws.
  public init(
    directory: URL, allowsNearDuplicates: Bool = false,
    backbones: [String] = KnownBackbone.all.map(\.name),
    backbone load: (String) throws -> Backbone? = { _ in nil },
    pool: ThreadPool, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws {
    let material = try ReviewMaterial(directory)
    let description = material.description
    pack = description.pack
    version = description.version
    let texts = material.texts
    trainTexts = texts.count { $0.role == .train }
    negatives = texts.count { $0.role == .negative }
    labels = Self.counts(material)
    evals = description.evals.map { eval in
      let own = texts.filter { $0.role == .eval && $0.file == eval.data }
      let none = own.count { $0.isLeftAlone }
      return (eval.name, own.count - none, none)
    }
    let backbone = backbones.contains(description.backbone) ? try load(description.backbone) : nil
    var alike: [(Int, Int)] = []
    if let backbone, !texts.isEmpty {
      let counter = ProgressCounter(total: texts.count, report: progress)
      let features = try backbone.features(
        texts: texts.map(\.text), pool: pool, progress: counter.add)
      alike = MeaningPairs.find(
        in: backbone.embeddings(of: features), width: backbone.width, kernels: backbone.kernels,
        pool: pool)
    }
    comparedMeaning = backbone != nil
    var findings =
      material.findings + LabelReview(material: material).findings()
      + TagReview(material: material).findings()
      + PairReview(material: material, alike: alike, allowsNearDuplicates: allowsNearDuplicates)
      .findings()
      + TextReview(material: material, tokenizer: backbone?.tokenizer).findings()
      + OriginReview(material: material).findings() + EvalReview(material: material).findings()
    do {
      _ = try PackSource(
        directory: directory, allowsNearDuplicates: allowsNearDuplicates, backbones: backbones)
      refusal = nil
    } catch let error as SourceError {
      refusal = error
      // Whatever a build refuses stands here, also what no rule above knows.
      if !findings.contains(where: { $0.weight == .fault }) { findings.append(Finding(error)) }
    }
    self.findings = Self.sorted(findings)
  }

  /// How many findings there are of a weight.
  public func count(_ weight: Finding.Weight) -> Int { findings.count { $0.weight == weight } }

  private static func counts(_ material: ReviewMaterial) -> [LabelCount] {
    var counts: [String: (train: Int, valid: Int, eval: Int)] = [:]
    for label in material.listedLabels ?? [] { counts[label] = (0, 0, 0) }
    for text in material.texts {
      for label in text.labels {
        switch text.role {
        case .train: counts[label, default: (0, 0, 0)].train += 1
        case .valid: counts[label, default: (0, 0, 0)].valid += 1
        case .eval: counts[label, default: (0, 0, 0)].eval += 1
        case .negative: break
        }
      }
    }
    return counts.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
      .map {
        LabelCount(label: $0.key, train: $0.value.train, valid: $0.value.valid, eval: $0.value.eval)
      }
  }

  /// By weight; within one, what makes figures wrong before what makes a pack worse.
  private static func sorted(_ findings: [Finding]) -> [Finding] {
    let order = [
      "source", "leak", "contradiction", "personal", "negative", "label", "eval", "duplicate",
      "text",
    ]
    func rank(_ finding: Finding) -> Int {
      order.firstIndex { finding.code.hasPrefix($0) } ?? order.count
    }
    return findings.enumerated().sorted { left, right in
      (left.element.weight, rank(left.element), left.offset)
        < (right.element.weight, rank(right.element), right.offset)
    }.map(\.element)
  }
}
