import MoEBase
import MoEModel
import MoERuntime
import MoETensor

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

  /// What it gave for some of the texts, on the composition of a ticket.
  subscript(range: Range<Int>, of ticket: Ticket) -> WorkResult {
    switch self {
    case .answers(let answers): return .answers(Array(answers[range]))
    case .embeddings(let values):
      let width = ticket.live.composition.backbone.width
      return .embeddings(
        Array(values[range.lowerBound * width..<range.upperBound * width]))
    }
  }

  /// The results of one piece of work end to end.
  static func + (left: WorkResult, right: WorkResult) -> WorkResult {
    switch (left, right) {
    case (.answers(let left), .answers(let right)): .answers(left + right)
    case (.embeddings(let left), .embeddings(let right)): .embeddings(left + right)
    default: preconditionFailure("answers and embeddings are no one piece of work")
    }
  }
}

/// A request in the queue, with what of it is done.
///
/// Every variable is read and written with the queue's lock held: that makes sharing it safe.
final class Ticket: @unchecked Sendable {
  let live: LiveComposition
  let requests: [MixtureRequest]
  let work: Work
  let deadline: ContinuousClock.Instant
  /// The first text that no batch has yet.
  var next = 0
  /// What is done, each part with the text it begins at, in the order in which it was.
  private var results: [(start: Int, result: WorkResult)] = []
  private var doneCount = 0
  var continuation: CheckedContinuation<WorkResult, any Error>?
  var isOver = false

  init(
    _ requests: [MixtureRequest], work: Work, live: LiveComposition,
    deadline: ContinuousClock.Instant
  ) {
    self.requests = requests
    self.work = work
    self.live = live
    self.deadline = deadline
  }

  /// Whether its model is one that is computed by all threads together: a language model.
  var wantsAllThreads: Bool { live.composition.backbone.kind == .decoder }

  /// Takes what is done of it; the whole, in the order of the texts, with the last of it.
  func add(_ result: WorkResult, of count: Int, at start: Int) -> WorkResult? {
    results.append((start, result))
    doneCount += count
    guard doneCount == requests.count else { return nil }
    let sorted = results.sorted { $0.start < $1.start }.map(\.result)
    return sorted.dropFirst().reduce(sorted[0], +)
  }

  /// The tokens that no batch has yet.
  var waitingTokens: Int { requests[next...].reduce(0) { $0 + $1.encoding.ids.count } }
}

/// Some texts of a ticket, in a batch.
struct BatchPart: Sendable {
  let ticket: Ticket
  let range: Range<Int>

  var requests: ArraySlice<MixtureRequest> { ticket.requests[range] }
  var tokenCount: Int { requests.reduce(0) { $0 + $1.encoding.ids.count } }
}

/// What a lane computes at once, and on which threads.
struct Batch: Sendable {
  let parts: [BatchPart]
  let pool: ThreadPool
}
