public import MoEBase
public import MoETensor

/// A text whose likelihood is asked for.
public struct ScoringRequest: Sendable {
  /// The tokens it follows, at least one.
  public var prompt: [Int32]
  /// The tokens of the text.
  public var text: [Int32]
  /// The experts of the pack that answers, by layer.
  public var experts: [Int: SparseNetwork]?

  /// Makes a request.
  public init(prompt: [Int32], text: [Int32], experts: [Int: SparseNetwork]? = nil) {
    self.prompt = prompt
    self.text = text
    self.experts = experts
  }
}

/// How likely a text is.
public struct TextScore: Sendable, Equatable {
  /// Σ log p of the text's tokens, each after all before it, in nats; at most 0.
  public let logLikelihood: Double
  /// The digest of the logits' bits, token after token: what two compositions that say the same have in common.
  public let digest: Digest
}

/// Scores texts, each as if it were alone.
///
/// ```
/// log p(t) = logit_t − log Σ_v exp logit_v        in Double, v ascending
/// ```
public struct TextScorer {
  /// The most rows whose logits are held at a time.
  private static let rowLimit = 64

  private let decoder: Decoder
  private let pool: ThreadPool
  private let workspace = DecoderWorkspace()

  /// Makes a scorer.
  public init(decoder: Decoder, pool: ThreadPool) {
    self.decoder = decoder
    self.pool = pool
  }

  /// Scores texts, in order.
  ///
  /// - Parameters:
  ///   - requests: Each with at least one token before it; together they fit the context.
  ///   - progress: Told how many are done.
  /// - Returns: A score a request.
  /// - Throws: ``GenerationError/logitsNotFinite``.
  public func scores(
    _ requests: [ScoringRequest], progress: ((Int) -> Void)? = nil
  ) throws -> [TextScore] {
    var scores: [TextScore] = []
    let lengths = requests.map { $0.prompt.count + max($0.text.count - 1, 0) }
    for range in Shards(lengths: lengths, tokenLimit: Continuer.passTokens).ranges {
      if range.count == 1 {
        scores.append(try score(requests[range.lowerBound]))
      } else {
        scores += try score(requests[range])
      }
      progress?(range.count)
    }
    return scores
  }

  /// Scores a few short texts in one pass.
  private func score(_ requests: ArraySlice<ScoringRequest>) throws -> [TextScore] {
    let sequences = requests.map {
      DecoderSequence(
        cache: decoder.makeCache(), ids: $0.prompt + $0.text.dropLast(), experts: $0.experts)
    }
    let states = decoder.forward(sequences, pool: pool, workspace: workspace)
    var first = 0
    return try zip(requests, sequences).map { request, sequence in
      defer { first += sequence.ids.count }
      var sum = TokenSum()
      try add(
        states, first: first + request.prompt.count - 1, targets: request.text[...], to: &sum)
      return sum.score
    }
  }

  /// Scores one text, in passes where it is long.
  private func score(_ request: ScoringRequest) throws -> TextScore {
    let cache = decoder.makeCache()
    let ids = request.prompt + request.text.dropLast()
    var sum = TokenSum()
    for start in stride(from: 0, to: ids.count, by: Continuer.passTokens) {
      let end = min(start + Continuer.passTokens, ids.count)
      let states = decoder.forward(
        [DecoderSequence(cache: cache, ids: Array(ids[start..<end]), experts: request.experts)],
        pool: pool, workspace: workspace)
      // The state of position i tells the token at i + 1.
      let from = max(start, request.prompt.count - 1)
      guard from < end else { continue }
      let target = from - request.prompt.count + 1
      try add(
        states, first: from - start,
        targets: request.text[target..<min(target + end - from, request.text.count)], to: &sum)
    }
    return sum.score
  }

  /// Adds the log-probabilities of tokens that follow the rows from `first` on.
  private func add(
    _ states: UnsafePointer<Float>, first: Int, targets: ArraySlice<Int32>, to sum: inout TokenSum
  ) throws {
    let size = decoder.architecture.vocabularySize
    for start in stride(from: 0, to: targets.count, by: Self.rowLimit) {
      let count = min(Self.rowLimit, targets.count - start)
      let logits = decoder.logits(
        states, rows: Array(first + start..<first + start + count), pool: pool,
        workspace: workspace)
      for row in 0..<count {
        let own = UnsafeBufferPointer(start: logits + row * size, count: size)
        guard own.allSatisfy(\.isFinite) else { throw GenerationError.logitsNotFinite }
        sum.add(Int(targets[targets.startIndex + start + row]), logits: own)
      }
    }
  }
}

/// The running sum of one text.
private struct TokenSum {
  private var logLikelihood = 0.0
  private var builder = DigestBuilder()

  var score: TextScore { TextScore(logLikelihood: logLikelihood, digest: builder.finish()) }

  mutating func add(_ token: Int, logits: UnsafeBufferPointer<Float>) {
    let top = Double(logits.max() ?? 0)
    var total = 0.0
    for logit in logits { total += Elementary.exp(Double(logit) - top) }
    logLikelihood += Double(logits[token]) - top - Elementary.log(total)
    builder.update(bytes: UnsafeRawBufferPointer(logits))
  }
}
