public import Foundation
import MoEBase
import MoEStore

/// What has to hold of a store after a fault, whatever the fault was.
///
/// 1. It opens, and every blob a kept generation names is there with its digest.
/// 2. It is as it was before the change or as after it, and after it where that was acknowledged.
/// 3. The same change can be made again, or is refused because it was made.
/// 4. After one `gc` nothing is there but what kept generations name.
public struct StoreLaws: Sendable {
  /// What ``Store/summary()`` said before the change.
  public var before: String
  /// What it says after the change; `nil` where the change may have had any outcome.
  public var after: String?
  /// Whether success was told to somebody.
  public var isAcknowledged: Bool
  /// The change, to be made again.
  public var operation: StoreOperation?

  /// Makes the laws of one change.
  public init(
    before: String, after: String?, isAcknowledged: Bool = false, operation: StoreOperation? = nil
  ) {
    self.before = before
    self.after = after
    self.isAcknowledged = isAcknowledged
    self.operation = operation
  }

  /// What a check came to.
  public struct Outcome: Sendable {
    /// What the store said when it was opened first; empty when it could not be.
    public var found = ""
    /// The laws that do not hold, a sentence each.
    public var violations: [String] = []
  }

  /// Opens the store and holds it to the laws; it is changed by that.
  public func check(_ directory: URL) -> Outcome {
    var outcome = Outcome()
    func require(_ holds: Bool, _ violation: @autoclosure () -> String) {
      if !holds { outcome.violations.append(violation()) }
    }
    do {
      let store = try Store(at: directory)
      outcome.found = try store.summary()
      let isNew = outcome.found == after
      require(
        isNew || outcome.found == before && !isAcknowledged,
        "found \(outcome.found), expected \(isAcknowledged ? "" : "\(before) or ")\(after ?? "")")
      if !isRepair || isAcknowledged {
        for finding in try store.verify().findings { require(false, finding.sentence) }
      }
      if let operation {
        do {
          try operation.run(on: store)
        } catch  where StoreOperation.isRefusal(error) && isNew {}
        if let after, !isNew {
          let now = try store.summary()
          require(now == after, "a second try came to \(now), expected \(after)")
        }
      }
      outcome.violations += try leftovers(store)
    } catch {
      require(false, "\(error)")
    }
    return outcome
  }

  /// Whether the store was damaged before, and may be until the repair has been made.
  private var isRepair: Bool { if case .repair? = operation { true } else { false } }

  /// What lies in a store after `gc` and is named by nothing.
  private func leftovers(_ store: Store) throws -> [String] {
    var violations: [String] = []
    _ = try store.gc(graceSeconds: 0, now: .distantFuture)
    violations += try store.verify().findings.map(\.sentence)
    let recovery = try store.recover()
    if recovery.intentsDropped + recovery.stagingDropped + recovery.trashDropped > 0 {
      violations.append("left after gc: \(recovery)")
    }
    let packs = try store.history().filter(\.isKept).flatMap(\.packs)
    let named = Set(packs.flatMap { [$0.envelope] + $0.entries }.map(\.digest.hex))
    let root = store.directory
    let files = FileManager.default
    let blobs = try files.subpathsOfDirectory(atPath: root.appending(path: "blobs/sha256").path)
      .filter { $0.utf8.count > 2 }
    for blob in blobs where !named.contains(String(blob.dropFirst(3))) {
      violations.append("left after gc: blobs/sha256/\(blob)")
    }
    let own: Set = ["blobs", "lock", "staging", "store.sqlite", "trash"]
    for name in try files.contentsOfDirectory(atPath: root.path) where !own.contains(name) {
      violations.append("left after gc: \(name)")
    }
    return violations
  }
}
