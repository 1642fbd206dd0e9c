import MoETensor

/// Where the lanes of a queue run: each on a processor of its own, where there is one for each.
///
/// A thread that waits is moved to a processor with nothing to do, but not to one that the lowest priority keeps busy,
/// as a change of packs does: two lanes would stand in line on one processor beside it.
struct LanePlaces: Sendable {
  private let all: ProcessorSet
  private let own: [ProcessorSet]

  /// The places on the processors of the calling thread; `nil` where they are not as many as the lanes.
  init?(lanes: Int) {
    guard let all = ProcessorSet.ofThisThread(), all.numbers.count == lanes else { return nil }
    self.all = all
    own = all.singles
  }

  /// Puts the calling thread in a lane's place.
  func stay(lane: Int) { own[lane].take() }

  /// Runs what may start threads: they begin where the one that starts them may run.
  func roaming<Value>(lane: Int, _ body: () -> Value) -> Value {
    all.take()
    defer { own[lane].take() }
    return body()
  }
}
