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
///
/// Prompts are read in passes of at most ``passTokens`` tokens; sequences that are being continued go along with
/// one token each. The tokens of a continuation do not depend on what else runs.
public struct Continuer {
  /// The most tokens of prompts in one pass.
  public static let passTokens = 512

  private let decoder: Decoder
  private let pool: ThreadPool
  private let workspace = DecoderWorkspace()

  /// Makes a continuer.
  public init(decoder: Decoder, pool: ThreadPool) {
    self.decoder = decoder
    self.pool = pool
  }

  /// One request on its way.
  private struct Sequence {
    let request: ContinuationRequest
    let cache: KeyValueCache
    var sampler: Sampler
    /// What the next pass reads: the rest of the prompt, or the last token.
    var pending: ArraySlice<Int32>
    var count = 0
    var end: ContinuationEnd?
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
    var sequences = requests.map { request in
      precondition(
        !request.prompt.isEmpty && request.prompt.count <= decoder.architecture.positionCount,
        "a prompt of \(request.prompt.count) tokens")
      return Sequence(
        request: request, cache: decoder.makeCache(), sampler: Sampler(request.sampling),
        pending: request.prompt[...], end: request.maximumTokens < 1 ? .length : nil)
    }
    while true {
      let part = plan(sequences)
      guard !part.isEmpty else { break }
      try pass(part, &sequences, receive: receive)
    }
    return sequences.map { $0.end ?? .length }
  }

  /// Which sequences take part in the next pass, with how many tokens.
  private func plan(_ sequences: [Sequence]) -> [(index: Int, count: Int)] {
    var left = Self.passTokens
    var part: [(index: Int, count: Int)] = []
    for (index, sequence) in sequences.enumerated() where sequence.end == nil {
      let count = min(sequence.pending.count, max(left, sequence.pending.count == 1 ? 1 : 0))
      guard count > 0 else { continue }
      left -= count
      part.append((index, count))
    }
    return part
  }

  private func pass(
    _ part: [(index: Int, count: Int)], _ sequences: inout [Sequence],
    receive: (_ request: Int, _ token: Int32) throws -> Bool
  ) throws {
    let states = decoder.forward(
      part.map { index, count in
        DecoderSequence(
          cache: sequences[index].cache, ids: Array(sequences[index].pending.prefix(count)),
          experts: sequences[index].request.experts)
      }, pool: pool, workspace: workspace)
    var row = 0
    var rows: [Int] = []
    var ready: [Int] = []
    for (index, count) in part {
      row += count
      sequences[index].pending.removeFirst(count)
      if sequences[index].pending.isEmpty {
        rows.append(row - 1)
        ready.append(index)
      }
    }
    guard !rows.isEmpty else { return }
    let size = decoder.architecture.vocabularySize
    let logits = decoder.logits(states, rows: rows, pool: pool, workspace: workspace)
    for (place, index) in ready.enumerated() {
      let own = UnsafeBufferPointer(start: logits + place * size, count: size)
      guard own.allSatisfy(\.isFinite) else { throw GenerationError.logitsNotFinite }
      let token = sequences[index].sampler.next(own)
      try advance(&sequences[index], by: token) { try receive(index, $0) }
    }
  }

  /// Adds a token to a sequence, or ends it.
  private func advance(
    _ sequence: inout Sequence, by token: Int32, receive: (Int32) throws -> Bool
  ) throws {
    guard !sequence.request.endTokens.contains(token) else {
      sequence.end = .endToken
      return
    }
    sequence.count += 1
    if try !receive(token) {
      sequence.end = .stop
    } else if sequence.count == sequence.request.maximumTokens
      || sequence.cache.count == decoder.architecture.positionCount
    {
      sequence.end = .length
    } else {
      sequence.pending = [token]
    }
  }
}

extension Decoder {
  /// What the routers of the backbone do with a text, by layer that holds experts.
  ///
  /// - Parameters:
  ///   - ids: The text's tokens; they fit the context.
  ///   - pool: The threads that share the work.
  /// - Returns: One a layer, ascending.
  public func utilization(_ ids: [Int32], pool: ThreadPool) -> [ExpertUtilization] {
    let workspace = DecoderWorkspace()
    let cache = makeCache()
    var tallies: [Int: RouterTally] = [:]
    for start in stride(from: 0, to: ids.count, by: Continuer.passTokens) {
      let part = Array(ids[start..<min(start + Continuer.passTokens, ids.count)])
      _ = forward([DecoderSequence(cache: cache, ids: part)], pool: pool, workspace: workspace) {
        let tally = RouterTally($0)
        tallies[$0.layer] = tallies[$0.layer].map { $0 + tally } ?? tally
      }
    }
    return tallies.keys.sorted().compactMap { tallies[$0]?.utilization(layer: $0) }
  }
}
