import MoEBase
import MoEModel

/// What a request wants of the model.
enum Work: Sendable {
  /// Routes and predictions.
  case answers
  /// Base embeddings, or those of a pack's expert space.
  case embeddings(PackIdentity?)
}

/// What the model gave.
enum WorkResult: Sendable {
  /// An answer a text.
  case answers([Answer])
  /// `[count, D]`.
  case embeddings([Float])
}

/// A request in the queue, with what of it is done.
///
/// Every variable is read and written with the queue's lock held: that makes sharing it safe.
final class Ticket: @unchecked Sendable {
  let live: LiveComposition
  let requests: [MixtureRequest]
  let work: Work
  let deadline: ContinuousClock.Instant
  let arrival: ContinuousClock.Instant
  /// The texts that no batch has yet.
  var next = 0
  /// Answers by text.
  var answers: [Answer] = []
  var embeddings: [Float] = []
  /// How many texts are done.
  var doneCount = 0
  var continuation: CheckedContinuation<WorkResult, any Error>?
  var isOver = false

  init(
    _ requests: [MixtureRequest], work: Work, live: LiveComposition,
    deadline: ContinuousClock.Instant, now: ContinuousClock.Instant
  ) {
    self.requests = requests
    self.work = work
    self.live = live
    self.deadline = deadline
    arrival = now
  }

  /// The tokens that no batch has yet.
  var waitingTokens: Int { requests[next...].reduce(0) { $0 + $1.encoding.ids.count } }
}

/// Some texts of a ticket, in a batch.
struct BatchPart: Sendable {
  let ticket: Ticket
  let range: Range<Int>

  var requests: ArraySlice<MixtureRequest> { ticket.requests[range] }
}
