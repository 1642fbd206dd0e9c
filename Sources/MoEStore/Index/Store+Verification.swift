import Foundation
import GRDB
public import MoEBase

/// What a check of the store found.
public struct StoreVerification: Sendable, Equatable {
  /// How many blobs were looked at.
  public let blobCount: Int
  /// How many bytes they should hold.
  public let sizeBytes: Int
  /// What is wrong, in the order of the packs.
  public let findings: [Finding]

  /// One thing that is wrong.
  public struct Finding: Sendable, Equatable {
    /// The blob; `nil` when it is the index.
    public let digest: Digest?
    /// What names the blob: `example/x 1.0.0: heads.safetensors`.
    public let users: [String]
    /// What is wrong with it.
    public let problem: Problem

    /// The finding in one sentence.
    public var sentence: String {
      guard let digest else { return "store.sqlite: \(problem.sentence)" }
      return "\(users.joined(separator: ", ")): blob \(digest) \(problem.sentence)"
    }
  }

  /// What can be wrong with a blob or the index.
  public enum Problem: Sendable, Equatable {
    /// No file is there.
    case missing
    /// The file has another size.
    case size(expected: Int, got: Int)
    /// The file has other bytes.
    case contents(got: Digest)
    /// The file cannot be read.
    case unreadable(String)
    /// SQLite finds the index damaged.
    case index(String)

    var sentence: String {
      switch self {
      case .missing: "is missing"
      case .size(let expected, let got): "has \(got) bytes, expected \(expected)"
      case .contents(let got): "holds other bytes: their digest is \(got)"
      case .unreadable(let reason): "cannot be read: \(reason)"
      case .index(let reason): reason
      }
    }
  }

  /// Throws if anything is wrong.
  ///
  /// - Throws: ``StoreError/corrupt(_:)`` with every finding.
  public func check() throws {
    guard findings.isEmpty else { throw StoreError.corrupt(findings.map(\.sentence)) }
  }
}

extension Store {
  /// Checks that every blob a kept generation names is there with its digest, and that the index is
  /// sound.
  ///
  /// - Parameters:
  ///   - isDeep: Whether to read every byte; sizes alone are compared otherwise.
  ///   - name: The pack of the active generation to check; everything when `nil`.
  /// - Returns: What was looked at, and what is wrong with it.
  /// - Throws: ``StoreError`` when the index cannot be read at all, or no such pack is installed.
  public func verify(
    deep isDeep: Bool = true, packNamed name: String? = nil
  ) throws -> StoreVerification {
    var findings: [StoreVerification.Finding] = []
    let packs: [InstalledPack]
    if let name {
      packs = [try installedPack(named: name)]
    } else {
      packs = try read { index in
        findings = try index.problems()
        return try index.keptPacks()
      }
    }
    var order: [InstalledEntry] = []
    var users: [Digest: [String]] = [:]
    for pack in packs {
      for entry in [pack.envelope] + pack.entries {
        if users[entry.digest] == nil { order.append(entry) }
        users[entry.digest, default: []].append("\(pack.label): \(entry.name)")
      }
    }
    for entry in order {
      guard let problem = problem(with: entry, isDeep: isDeep) else { continue }
      findings.append(
        StoreVerification.Finding(
          digest: entry.digest, users: users[entry.digest] ?? [], problem: problem))
    }
    return StoreVerification(
      blobCount: order.count, sizeBytes: order.reduce(0) { $0 + $1.size }, findings: findings)
  }

  private func problem(
    with entry: InstalledEntry, isDeep: Bool
  ) -> StoreVerification.Problem? {
    do {
      guard let status = try FileStatus(entry.url.path) else { return .missing }
      guard status.size == entry.size else {
        return .size(expected: entry.size, got: status.size)
      }
      guard isDeep else { return nil }
      let got = try fileDigest(entry.url.path)
      return got == entry.digest ? nil : .contents(got: got)
    } catch {
      return .unreadable(String(cString: strerror(error.number)))
    }
  }
}

extension StoreIndex {
  /// What SQLite finds wrong with the index.
  func problems() throws -> [StoreVerification.Finding] {
    let rows = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
    var reasons = rows.filter { $0 != "ok" }
    for row in try Row.fetchAll(database, sql: "PRAGMA foreign_key_check") {
      reasons.append("a row of `\(try row.decode(String.self, forColumn: "table"))` names nothing")
    }
    return reasons.map { reason in
      StoreVerification.Finding(digest: nil, users: [], problem: .index(reason))
    }
  }
}
