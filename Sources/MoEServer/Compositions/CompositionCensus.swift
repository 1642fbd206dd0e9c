import Synchronization

/// Counts the compositions that are alive: the one in service, and those that requests still hold.
final class CompositionCensus: Sendable {
  private let living = Atomic<Int>(0)

  /// How many there are now.
  var count: Int { living.load(ordering: .relaxed) }

  /// One of them; it is counted for as long as this lives.
  final class Presence: Sendable {
    private let census: CompositionCensus

    init(in census: CompositionCensus) {
      self.census = census
      census.living.wrappingAdd(1, ordering: .relaxed)
    }

    deinit { census.living.wrappingSubtract(1, ordering: .relaxed) }
  }
}
