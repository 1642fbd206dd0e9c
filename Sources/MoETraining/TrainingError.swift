public import MoEBase

/// Why a pack's tensors could not be made.
public enum TrainingError: ActionableError {
  /// The background covariance is no covariance.
  case profileNotPositiveDefinite

  /// A stable word for machines.
  public var code: String { "profile-not-positive-definite" }
  /// The sentence.
  public var message: String {
    "the backbone profile's covariance is not positive definite, expected that of background texts"
  }
  /// What to do now.
  public var hint: String {
    "nothing was written; make the profile again with `moe-pack backbone profile`"
  }
  /// The status the process exits with.
  public var exitCode: ExitCode { .badData }
}
