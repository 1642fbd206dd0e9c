public import MoETensor
import Synchronization

/// Runs of whole sequences that one worker takes at a time.
///
/// A shard holds consecutive sequences of at most ``tokenLimit`` tokens together, or one longer sequence.
/// How sequences fall into shards changes no bit of any result (invariant I3).
public struct Shards: Sendable {
  /// The most tokens of a shard that holds more than one sequence.
  public static let tokenLimit = 512

  /// The sequences of each shard.
  public let ranges: [Range<Int>]

  /// Divides sequences of these token counts.
  public init(_ encodings: [Encoding], tokenLimit: Int = Shards.tokenLimit) {
    self.init(lengths: encodings.map(\.ids.count), tokenLimit: tokenLimit)
  }

  /// Divides sequences so that a small batch, too, gives every thread something to do.
  init(_ encodings: [Encoding], sharedBy threads: Int) {
    let lengths = encodings.map(\.ids.count)
    let share = (lengths.reduce(0, +) + threads - 1) / max(threads, 1)
    self.init(lengths: lengths, tokenLimit: min(max(share, Self.leastShare), Self.tokenLimit))
  }

  /// Under so many tokens a shard is not worth a thread of its own.
  private static let leastShare = 64

  /// Divides sequences of these token counts.
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
  /// Runs `body` once for each shard, each worker with a workspace of its own, and returns the results in
  /// the order of the shards.
  ///
  /// - Throws: The error of the first shard (in their order) that threw.
  public func mapShards<Result: Sendable>(
    _ shards: Shards, _ body: @Sendable (Range<Int>, EncoderWorkspace) throws -> Result
  ) throws -> [Result] {
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
