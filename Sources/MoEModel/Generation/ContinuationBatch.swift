public import MoETensor

/// Continuations that run together, each as if it were alone; between two passes more may join, and any may leave.
///
/// Prompts are read in passes of at most ``Continuer/passTokens`` tokens; sequences that are being continued go along with
/// one token each. The tokens of a continuation do not depend on what else runs, nor on when it joined.
public struct ContinuationBatch {
  /// What became of a continuation.
  public typealias Ending = Result<ContinuationEnd, GenerationError>

  private let decoder: Decoder
  private let pool: ThreadPool
  private let workspace = DecoderWorkspace()
  private var sequences: [Sequence] = []
  private var nextID = 0

  /// One continuation on its way.
  private struct Sequence {
    let id: Int
    let request: ContinuationRequest
    let cache: KeyValueCache
    var sampler: Sampler
    /// What the next pass reads: the rest of the prompt, or the last token.
    var pending: ArraySlice<Int32>
    var count = 0
    var ending: Ending?

    /// Adds a token; how the sequence ends with it, if it does.
    mutating func advance(
      by token: Int32, context: Int, receive: (Int, Int32) throws -> Bool
    ) rethrows -> Ending? {
      guard !request.endTokens.contains(token) else { return .success(.endToken) }
      count += 1
      guard try receive(id, token) else { return .success(.stop) }
      guard count < request.maximumTokens, cache.count < context else { return .success(.length) }
      pending = [token]
      return nil
    }
  }

  /// Makes an empty batch.
  public init(decoder: Decoder, pool: ThreadPool) {
    self.decoder = decoder
    self.pool = pool
  }

  /// How many continuations are on their way.
  public var count: Int { sequences.count }

  /// Takes a continuation in; it begins with the next pass.
  ///
  /// - Parameter request: What to continue.
  /// - Returns: The number it goes by: 0, 1, 2 … in the order they join.
  /// - Precondition: The prompt has a token, and fits the context.
  public mutating func join(_ request: ContinuationRequest) -> Int {
    precondition(
      !request.prompt.isEmpty && request.prompt.count <= decoder.architecture.positionCount,
      "a prompt of \(request.prompt.count) tokens")
    defer { nextID += 1 }
    sequences.append(
      Sequence(
        id: nextID, request: request, cache: decoder.makeCache(),
        sampler: Sampler(request.sampling), pending: request.prompt[...],
        ending: request.maximumTokens < 1 ? .success(.length) : nil))
    return nextID
  }

  /// Lets a continuation go, wherever it is; nothing more is told of it.
  public mutating func leave(_ id: Int) { sequences.removeAll { $0.id == id } }

  /// Runs one pass: every continuation whose prompt is read gets one token more.
  ///
  /// - Parameter receive: Told the new tokens; false ends the continuation.
  /// - Returns: Those that ended, and how; one whose logits are not finite fails alone.
  /// - Throws: What `receive` throws.
  public mutating func step(
    receive: (_ id: Int, _ token: Int32) throws -> Bool
  ) rethrows -> [(id: Int, ending: Ending)] {
    let part = plan()
    if !part.isEmpty { try pass(part, receive: receive) }
    let ended = sequences.compactMap { sequence in
      sequence.ending.map { (id: sequence.id, ending: $0) }
    }
    sequences.removeAll { $0.ending != nil }
    return ended
  }

  /// Which sequences take part in the next pass, with how many tokens.
  private func plan() -> [(index: Int, count: Int)] {
    var left = Continuer.passTokens
    var part: [(index: Int, count: Int)] = []
    for (index, sequence) in sequences.enumerated() where sequence.ending == nil {
      let count = min(sequence.pending.count, max(left, sequence.pending.count == 1 ? 1 : 0))
      guard count > 0 else { continue }
      left -= count
      part.append((index, count))
    }
    return part
  }

  private mutating func pass(
    _ part: [(index: Int, count: Int)], receive: (_ id: Int, _ token: Int32) throws -> Bool
  ) rethrows {
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
      guard own.allSatisfy(\.isFinite) else {
        sequences[index].ending = .failure(.logitsNotFinite)
        continue
      }
      let token = sequences[index].sampler.next(own)
      let ending = try sequences[index].advance(
        by: token, context: decoder.architecture.positionCount, receive: receive)
      sequences[index].ending = ending
    }
  }
}
