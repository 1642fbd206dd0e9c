/// Sequences of token ids laid end to end, without padding.
public struct RaggedBatch: Sendable {
  /// The ids of all sequences, `[N]`.
  public private(set) var ids: [Int32] = []
  /// Where each sequence starts, and after the last one N: `[sequences + 1]`.
  public private(set) var offsets: [Int] = [0]

  /// An empty batch.
  public init() {}

  /// Lays sequences end to end.
  public init(_ sequences: some Sequence<[Int32]>) {
    for sequence in sequences { append(sequence) }
  }

  /// N, the number of tokens.
  public var tokenCount: Int { ids.count }
  /// The number of sequences.
  public var sequenceCount: Int { offsets.count - 1 }

  /// The rows of one sequence.
  public func rows(_ sequence: Int) -> Range<Int> { offsets[sequence]..<offsets[sequence + 1] }

  /// Adds a sequence at the end.
  public mutating func append(_ sequence: [Int32]) {
    ids.append(contentsOf: sequence)
    offsets.append(ids.count)
  }
}
