/// What the right answer to an example is.
public enum Expectation: Sendable, Equatable {
  /// The pack answers, with this label.
  case label(String)
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
  /// The examples.
  public let examples: [EvalExample]

  /// Makes a set.
  public init(name: String, task: String, examples: [EvalExample]) {
    self.name = name
    self.task = task
    self.examples = examples
  }
}
