public import MoEBase

/// Why a request got no answer.
public enum MixtureError: ActionableError {
  /// A pack that was named is not part of the running composition.
  case notMounted(pack: String, mounted: [String])
  /// A selected pack gave a number that is not finite.
  case numericalError(pack: String, task: String)
  /// The text holds nothing to answer.
  case emptyText

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .notMounted: "pack-not-installed"
    case .numericalError: "numerical-error"
    case .emptyText: "text-empty"
    }
  }

  /// The sentence.
  public var message: String {
    switch self {
    case .notMounted(let pack, let mounted):
      "pack `\(pack)` is not installed, expected "
        + (mounted.isEmpty
          ? "any pack, and the store holds none"
          : "one of \(mounted.map { "`\($0)`" }.joined(separator: ", "))")
    case .numericalError(let pack, let task):
      "task `\(task)` of pack `\(pack)` gave a probability that is not finite, expected 0 to 1"
    case .emptyText: "the text is empty, expected at least one character that is not white space"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .notMounted: "no other pack answered in its place; see `moe-pack list`"
    case .numericalError(let pack, _):
      "no answer was given; take the pack out with `moe-pack remove \(pack)` and tell its publisher"
    case .emptyText: "nothing was answered; give the text to answer"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .notMounted: .notFound
    case .numericalError: .refused
    case .emptyText: .badData
    }
  }
}
