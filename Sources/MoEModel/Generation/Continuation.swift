public import MoETensor

/// A prompt that is to be continued.
public struct ContinuationRequest: Sendable {
  /// The prompt's tokens, at least one.
  public var prompt: [Int32]
  /// How tokens are chosen.
  public var sampling: SamplingOptions
  /// The most tokens to add.
  public var maximumTokens: Int
  /// Tokens that end a continuation; they are not part of it.
  public var endTokens: Set<Int32>
  /// The experts of the pack that answers, by layer.
  public var experts: [Int: SparseNetwork]?

  /// Makes a request.
  public init(
    prompt: [Int32], sampling: SamplingOptions, maximumTokens: Int, endTokens: Set<Int32>,
    experts: [Int: SparseNetwork]? = nil
  ) {
    self.prompt = prompt
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.endTokens = endTokens
    self.experts = experts
  }
}

/// Why a continuation ended.
public enum ContinuationEnd: String, Sendable {
  /// The model ended it.
  case endToken = "end-token"
  /// The receiver had enough: a stop string.
  case stop
  /// It has the most tokens allowed, or fills the context.
  case length
}

/// Continues many prompts at once, each as if it were alone.
public struct Continuer {
  /// The most tokens of prompts in one pass.
  public static let passTokens = 512

  private let decoder: Decoder
  private let pool: ThreadPool

  /// Makes a continuer.
  public init(decoder: Decoder, pool: ThreadPool) {
    self.decoder = decoder
    self.pool = pool
  }

  /// Continues prompts until each has ended.
  ///
  /// - Parameters:
  ///   - requests: The prompts; each fits the context.
  ///   - receive: Told each new token of each request, in the order they come; false ends the request.
  /// - Returns: Why each ended.
  /// - Throws: ``GenerationError/logitsNotFinite`` if logits are not finite, or what `receive` throws.
  public func run(
    _ requests: [ContinuationRequest], receive: (_ request: Int, _ token: Int32) throws -> Bool
  ) throws -> [ContinuationEnd] {
    var batch = ContinuationBatch(decoder: decoder, pool: pool)
    for request in requests { _ = batch.join(request) }
    var ends = requests.map { _ in ContinuationEnd.length }
    while batch.count > 0 {
      for (id, ending) in try batch.step(receive: receive) { ends[id] = try ending.get() }
    }
    return ends
  }
}

extension Decoder {
  /// What the routers of the backbone do with texts, by layer that holds experts.
  ///
  /// - Parameters:
  ///   - texts: The tokens of each; they fit the context.
  ///   - pool: The threads that share the work.
  /// - Returns: One a layer, ascending, over the tokens of all texts.
  public func utilization(of texts: [[Int32]], pool: ThreadPool) -> [ExpertUtilization] {
    let workspace = DecoderWorkspace()
    var tallies: [Int: RouterTally] = [:]
    for ids in texts {
      let cache = makeCache()
      for start in stride(from: 0, to: ids.count, by: Continuer.passTokens) {
        let part = Array(ids[start..<min(start + Continuer.passTokens, ids.count)])
        _ = forward([DecoderSequence(cache: cache, ids: part)], pool: pool, workspace: workspace) {
          let tally = RouterTally($0)
          tallies[$0.layer] = tallies[$0.layer].map { $0 + tally } ?? tally
        }
      }
    }
    return tallies.keys.sorted().compactMap { tallies[$0]?.utilization(layer: $0) }
  }
}
