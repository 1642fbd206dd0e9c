/// How far a longer piece of work has come.
public struct WorkProgress: Sendable, Equatable {
  /// What is being done, for people: `evals of example/x`.
  public let stage: String
  /// How much of it is done.
  public let done: Int
  /// How much there is.
  public let total: Int

  /// Makes a report.
  public init(stage: String, done: Int, total: Int) {
    self.stage = stage
    self.done = done
    self.total = total
  }
}

/// Receives progress, from any thread.
public typealias ProgressHandler = @Sendable (WorkProgress) -> Void
