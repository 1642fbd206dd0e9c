import MoEModel

extension RouterTally {
  /// What one shard's tape holds.
  init(_ tape: ExpertTape) {
    self.init(
      taken: tape.shares.map(\.rows.count), probabilities: tape.probabilities, tokens: tape.rows)
  }
}
