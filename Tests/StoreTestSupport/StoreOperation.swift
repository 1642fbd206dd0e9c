import Foundation
import MoEBase
import MoEPackFormat
public import MoEStore

/// One change of a store, as the crash and random tests make them.
public enum StoreOperation: Sendable {
  /// Installs an archive.
  case install([UInt8])
  /// Removes the pack of that name.
  case remove(String)
  /// Goes back to the packs of that generation.
  case rollback(Int)
  /// Keeps so many generations, and gives every other file up at once.
  case gc(keep: Int)
  /// Takes damaged files from an archive.
  case repair([UInt8])

  /// Makes the change.
  ///
  /// - Throws: `StoreError`, `PackVerificationError`.
  public func run(on store: Store) throws {
    switch self {
    case .install(let archive):
      try change(store) { transaction in
        let pack = try UnverifiedPack(bytes: archive, name: "small").verified(
          by: transaction.trustRoot(), staging: transaction.makeStagingDirectory())
        try transaction.install(pack)
      }
    case .remove(let name): try change(store) { try $0.remove(name) }
    case .rollback(let id): try change(store) { try $0.restore(generation: id) }
    case .repair(let archive):
      let repair = try store.repair(from: [UnverifiedPack(bytes: archive, name: "small")])
      guard repair.left.isEmpty else { throw StoreError.corrupt(repair.left.map(\.sentence)) }
    case .gc(let keep): _ = try store.gc(keep: keep, graceSeconds: 0, now: .distantFuture)
    }
  }

  private func change(_ store: Store, _ body: (StoreTransaction) throws -> Void) throws {
    try store.change(by: "tester", at: "2026-01-02T00:00:00Z") { transaction in
      try body(transaction)
      return .unproven
    }
  }

  /// Whether a refusal is the right answer to a change that makes no sense now.
  public static func isRefusal(_ error: any Error) -> Bool {
    guard let error = error as? StoreError else { return false }
    return switch error {
    case .alreadyInstalled, .lowerRelease, .sameRelease, .notInstalled, .noGeneration,
      .generationDropped:
      true
    default: false
    }
  }
}

extension Store {
  /// What the store says it holds, in one line: each generation, whether it is kept, and its packs.
  ///
  /// - Throws: `StoreError`.
  public func summary() throws -> String {
    try history().map { generation in
      let packs = generation.packs.map { "\($0.name)@\($0.release)" }.joined(separator: ",")
      return "\(generation.id)\(generation.isKept ? "" : "-")[\(packs)]"
    }.joined(separator: " ")
  }
}
