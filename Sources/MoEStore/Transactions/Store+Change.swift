import Foundation
import MoEBase

extension Store {
  /// Changes which packs are installed: all of what `body` does, or nothing.
  ///
  /// ```
  /// lock → record intent → body: stage, verify, blobs to their names, try the candidate
  ///      → one transaction: generation g+1 (the single commit point) → drop staging
  /// ```
  ///
  /// If `body` throws, the store is as it was, and what came in is dropped. If the process dies, the
  /// next change finds the intent and drops what it left. A body that changes nothing makes no
  /// generation. Others read the active generation all the while.
  ///
  /// - Parameters:
  ///   - actor: Who makes the change, for the history.
  ///   - time: The time now, in ISO 8601.
  ///   - reason: Why, in the operator's words, for the history.
  ///   - isDryRun: Whether to give everything up at the end, as if `body` had thrown.
  ///   - body: What to do; it runs under the store's lock and returns what the regression suite said.
  /// - Returns: The generation that is active now; of a dry run, the one that would be.
  /// - Throws: ``StoreError``, or whatever `body` throws.
  @discardableResult
  public func change(
    by actor: String, at time: String, because reason: String? = nil, isDryRun: Bool = false,
    _ body: (StoreTransaction) throws -> Verdict
  ) throws -> Generation {
    try whileLocked { _ in
      let active = try active()
      let intent = try write { try $0.beginIntent("change", actor: actor, at: time) }
      let staging = layout.staging(intent: intent)
      let transaction = StoreTransaction(
        self, active: active, pins: Set(try pins()), staging: staging, time: time,
        isDryRun: isDryRun)
      do {
        let verdict = try body(transaction)
        let isEmpty = transaction.actions.isEmpty
        let generation = Generation(
          id: active.id + 1, parent: active.id, createdAt: time, actor: actor,
          action: transaction.actions.joined(separator: ", "), reason: reason,
          isProven: verdict.isProven, report: verdict.report, threshold: transaction.threshold,
          precision: transaction.precision, isKept: true,
          packs: transaction.candidate)
        if isDryRun || isEmpty {
          abandon(transaction, intent)
          return isEmpty ? active : generation
        }
        try commit(generation, transaction, intent)
        try? options.fileSystem.removeTree(staging)
        return generation
      } catch {
        let state = abandon(transaction, intent)
        throw StoreError.translated(error, layout, state)
      }
    }
  }

  /// The single commit point.
  private func commit(
    _ generation: Generation, _ transaction: StoreTransaction, _ intent: Int64
  ) throws {
    try write { index in
      guard try index.activeID() == generation.parent else {
        throw FileSystemError("keep the lock of", layout.root, EAGAIN)
      }
      let kept = Set(generation.packs.map(\.digest))
      for pack in transaction.added where kept.contains(pack.digest) {
        try index.insert(pack)
        try index.record(transaction.magnitudes[pack.digest] ?? [], of: pack)
        try index.rememberRelease(of: pack)
      }
      try index.insert(generation)
      try index.endIntent(intent)
    }
  }

  /// Drops what a change brought in, as far as the disk lets it; the rest goes with the next change.
  ///
  /// The blobs go only when the index says that the change was not committed: a commit that reports a
  /// failure may have happened.
  @discardableResult
  private func abandon(_ transaction: StoreTransaction, _ intent: Int64) -> StoreError.State {
    let isUnchanged = (try? activeGenerationID()) == transaction.active.id
    if isUnchanged {
      for digest in transaction.placed {
        try? options.fileSystem.removeFile(layout.blob(digest))
      }
    }
    try? options.fileSystem.removeTree(layout.staging(intent: intent))
    try? write { try $0.endIntent(intent) }
    return isUnchanged ? .unchanged : .uncertain
  }
}
