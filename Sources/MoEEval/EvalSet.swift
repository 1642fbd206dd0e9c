public import MoEBase

/// What the right answer to an example is.
public enum Expectation: Sendable, Equatable {
  /// The pack answers, with this label.
  case label(String)
  /// The pack answers, with exactly these labels, in any order; it may be none.
  case labels([String])
  /// The pack finds one of these continuations of the text likelier than the others.
  case choice([String], answer: Int)
  /// The pack continues the text with one of these.
  case completion([String])
  /// The pack predicts the text itself.
  case prediction
  /// The pack leaves the text alone.
  case none
}

/// One example with its answer.
public struct EvalExample: Sendable, Equatable {
  /// The text.
  public let text: String
  /// The answer.
  public let expectation: Expectation

  /// Makes an example.
  public init(text: String, expectation: Expectation) {
    self.text = text
    self.expectation = expectation
  }
}

/// Examples with answers that travel in a pack.
public struct EvalSet: Sendable, Equatable {
  /// Its name within the pack.
  public let name: String
  /// The task it measures.
  public let task: String
  /// What kind of task that is.
  public let kind: TaskKind
  /// How answers of a `generate` task are asked for.
  public let completion: CompletionSettings
  /// The examples.
  public let examples: [EvalExample]

  /// Makes a set.
  public init(
    name: String, task: String, kind: TaskKind = .classify,
    completion: CompletionSettings = CompletionSettings(), examples: [EvalExample]
  ) {
    self.name = name
    self.task = task
    self.kind = kind
    self.completion = completion
    self.examples = examples
  }
}
