import MoEBase
public import MoEModel
public import MoETensor
import MoETraining

/// Makes a backbone profile from a public corpus and the anchors.
public struct ProfileBuild: Sendable {
  /// How many texts of the corpus make mean and covariance.
  public static let backgroundCount = 10_000
  /// How many more are negatives.
  public static let negativeCount = 2_000
  /// How many more are probes.
  public static let probeCount = 1_500

  /// The least texts a corpus needs.
  public static let leastTexts = 200

  let backbone: Backbone
  let pool: ThreadPool
  let progress: @Sendable (BuildProgress) -> Void

  /// Prepares it.
  public init(
    backbone: Backbone, pool: ThreadPool,
    progress: @escaping @Sendable (BuildProgress) -> Void = { _ in }
  ) {
    self.backbone = backbone
    self.pool = pool
    self.progress = progress
  }

  /// Makes the profile.
  ///
  /// The corpus is taken in its order: background, negatives, probes, in the proportions of the constants when
  /// it is smaller than their sum. Its embeddings have the defined bits of the kernels and every sum its fixed
  /// order, so the result has the same bits on every CPU.
  ///
  /// - Parameters:
  ///   - corpus: The texts, in a fixed order.
  ///   - anchors: The anchor texts, in their order.
  /// - Returns: The profile.
  /// - Throws: ``SourceError`` if the corpus has too few texts; what reading the weights throws.
  public func run(corpus: [String], anchors: [String]) throws -> BackboneProfile {
    guard corpus.count >= Self.leastTexts else {
      throw SourceError.smallCorpus(count: corpus.count, least: Self.leastTexts)
    }
    let wanted = Self.backgroundCount + Self.negativeCount + Self.probeCount
    let total = min(wanted, corpus.count)
    let background = total * Self.backgroundCount / wanted
    let negatives = total * Self.negativeCount / wanted
    let width = backbone.featureWidth
    let embedded = Array(corpus[0..<background + negatives]) + anchors
    let counter = ProgressCounter(total: embedded.count) { [progress] in
      progress(BuildProgress("embedding the corpus", $0))
    }
    let features = try backbone.features(texts: embedded, pool: pool, progress: counter.add)
    let statistics = BackgroundStatistics(
      Array(features[0..<background * width]), width: width, pool: pool)
    return BackboneProfile(
      mean: statistics.mean, covariance: statistics.covariance,
      negatives: Array(features[background * width..<(background + negatives) * width]),
      negativeTexts: Array(corpus[background..<background + negatives]),
      anchors: Array(features[((background + negatives) * width)...]), anchorTexts: anchors,
      probes: Array(corpus[background + negatives..<total]))
  }
}
