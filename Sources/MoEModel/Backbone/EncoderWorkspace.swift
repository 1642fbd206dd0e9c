public import MoETensor

/// The buffers of one worker: made once, grown when a batch needs more, never shared.
public final class EncoderWorkspace {
  /// The residual stream, `[N, D]`.
  public let hidden = AlignedBuffer(count: 0)
  /// Queries, keys and values side by side, `[N, 3 D]`.
  public let queryKeyValue = AlignedBuffer(count: 0)
  /// The attention's output, `[N, D]`.
  public let context = AlignedBuffer(count: 0)
  /// What enters the FFN slot, `[N, D]`.
  public let attended = AlignedBuffer(count: 0)
  /// The inner activations of a feed-forward network, `[n, F]` for the rows taken at a time.
  public let inner = AlignedBuffer(count: 0)
  /// The scratch that the attention of one sequence needs.
  public let attention = AlignedBuffer(count: 0)
  /// Rows gathered for one expert, `[n, D]`.
  public let gathered = AlignedBuffer(count: 0)
  /// One expert's output before it is weighted, `[n, D]`.
  public let expertOutput = AlignedBuffer(count: 0)
  /// The inputs of a linear map in reduced precision.
  public let reduced = ReducedRows()
  /// Router probabilities, `[N, E]`.
  public let router = AlignedBuffer(count: 0)

  /// The threads that share the steps of the batch, where it is too small for shards of its own.
  public internal(set) var team: ThreadTeam?

  /// Makes empty buffers.
  public init() {}
}
