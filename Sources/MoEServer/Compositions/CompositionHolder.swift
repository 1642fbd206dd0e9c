import MoEBase
import Synchronization

/// The composition in service, and how following the store goes.
///
/// Publishing is one swap of a reference under a lock that is held for nothing else; the old composition goes when
/// the last request that holds it ends.
final class CompositionHolder: Sendable {
  /// What is told of following the store.
  struct Following: Sendable {
    /// The generation of the store that could not be taken into service; `nil` where all is well.
    var failedGeneration: Int?
    /// Why.
    var failure: String?
    /// How often another composition was taken into service.
    var switchCount = 0
    /// How often one could not be.
    var failureCount = 0
  }

  private struct State {
    var live: LiveComposition
    var following = Following()
  }

  private let state: Mutex<State>

  init(_ live: LiveComposition) { state = Mutex(State(live: live)) }

  /// What a request that begins now is answered by, all the way.
  var live: LiveComposition { state.withLock(\.live) }
  /// How following goes.
  var following: Following { state.withLock(\.following) }

  /// Takes another composition into service.
  func publish(_ live: LiveComposition) {
    let old = state.withLock { state in
      defer {
        state.live = live
        state.following.failedGeneration = nil
        state.following.failure = nil
        state.following.switchCount += 1
      }
      return state.live
    }
    // Freed here where nobody holds it any more, not under the lock.
    withExtendedLifetime(old) {}
  }

  /// Says that a generation could not be taken into service; what is in service stays.
  func fail(generation: Int?, _ reason: String) {
    state.withLock { state in
      state.following.failedGeneration = generation
      state.following.failure = reason
      state.following.failureCount += 1
    }
  }

  /// Says that the store's active generation is in service after all.
  func settle() {
    state.withLock { state in
      state.following.failedGeneration = nil
      state.following.failure = nil
    }
  }
}
