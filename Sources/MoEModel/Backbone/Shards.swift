public import MoETensor
import Synchronization

/// Runs of whole, consecutive sequences that one worker takes at a time.
///
/// How sequences fall into shards changes no bit of any result (invariant I3).
struct Shards {
  /// About how many tokens a shard of an encoder's batch holds at most.
  private static let tokenLimit = 512

  /// The sequences of each shard.
  let ranges: [Range<Int>]

  /// Divides sequences so that every thread has as much to do as the others: into as few shards of about
  /// ``tokenLimit`` tokens as there can be, in a multiple of the threads, all of about one size.
  init(_ encodings: [Encoding], sharedBy threads: Int) {
    let total = encodings.reduce(0) { $0 + $1.ids.count }
    let rounds = max(1, (total + Self.tokenLimit * threads - 1) / (Self.tokenLimit * threads))
    let count = max(1, min(rounds * threads, total / Self.leastShare))
    var ranges: [Range<Int>] = []
    var (start, tokens, shard) = (0, 0, 0)
    for (index, encoding) in encodings.enumerated() {
      // A sequence belongs where its middle lies.
      let place = min(count - 1, (2 * tokens + encoding.ids.count) * count / max(1, 2 * total))
      if place != shard {
        if index > start { ranges.append(start..<index) }
        (start, shard) = (index, place)
      }
      tokens += encoding.ids.count
    }
    if start < encodings.count { ranges.append(start..<encodings.count) }
    self.ranges = ranges
  }

  /// Under so many tokens a shard is not worth a thread of its own.
  private static let leastShare = 64

  /// Divides sequences of these token counts: at most `tokenLimit` tokens a shard, or one longer sequence.
  init(lengths: [Int], tokenLimit: Int) {
    var ranges: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (index, length) in lengths.enumerated() {
      if index > start, tokens + length > tokenLimit {
        ranges.append(start..<index)
        start = index
        tokens = 0
      }
      tokens += length
    }
    if start < lengths.count { ranges.append(start..<lengths.count) }
    self.ranges = ranges
  }
}

extension ThreadPool {
  /// Divides sequences into shards, runs `body` once for each, each worker with a workspace of its own, and returns the
  /// results in the order of the shards.
  ///
  /// - Throws: The error of the first shard (in their order) that threw.
  public func mapShards<Result: Sendable>(
    _ encodings: [Encoding], _ body: @Sendable (Range<Int>, EncoderWorkspace) throws -> Result
  ) throws -> [Result] {
    let shards = Shards(encodings, sharedBy: threadCount)
    let results = Mutex<[Swift.Result<Result, any Error>?]>(
      Array(repeating: nil, count: shards.ranges.count))
    if shards.ranges.count == 1, threadCount > 1 {
      // One shard alone: the threads share its steps.
      var result: Swift.Result<Result, any Error>?
      let workspace = EncoderWorkspace()
      lead { team in
        workspace.team = team
        result = Swift.Result { try body(shards.ranges[0], workspace) }
      }
      return try [result].compactMap { try $0?.get() }
    }
    let workspaces = WorkerWorkspaces(count: threadCount)
    run(count: shards.ranges.count) { task, worker in
      let result = Swift.Result { try body(shards.ranges[task], workspaces.all[worker]) }
      results.withLock { $0[task] = result }
    }
    return try results.withLock { slots in
      try slots.compactMap { try $0?.get() }
    }
  }
}

/// One workspace for each worker of one `run`.
///
/// Unchecked because the pool gives a worker's index to one running task at a time.
private final class WorkerWorkspaces: @unchecked Sendable {
  let all: [EncoderWorkspace]

  init(count: Int) {
    all = (0..<count).map { _ in EncoderWorkspace() }
  }
}
