import Foundation
public import MoEBase

/// Why the store refused, or could not do, what it was asked.
public enum StoreError: ActionableError, Equatable {
  /// The very same pack is installed already.
  case alreadyInstalled(pack: String, digest: Digest)
  /// An older release than the newest this store has seen.
  case lowerRelease(pack: String, release: Int, highest: Int)
  /// Another pack under a name and a release this store has seen.
  case sameRelease(pack: String, release: Int, seen: Digest, got: Digest)
  /// No pack of that name is installed.
  case notInstalled(name: String, nearest: String?)
  /// No generation has that number.
  case noGeneration(id: Int, newest: Int)
  /// The active generation is the one a store is born with.
  case noEarlierGeneration(store: String)
  /// The packs of that generation were let go by `gc`.
  case generationDropped(id: Int, oldestKept: Int)
  /// A pack of that generation is revoked.
  case revoked(pack: String, subject: String, reason: String)
  /// A pack that is pinned was to be upgraded or taken away.
  case pinned(pack: String)
  /// No such key is trusted.
  case noTrust(keyID: String, namespaces: String?)
  /// Another of the operator's eval sets has that name.
  case evalNameTaken(name: String)
  /// None of the operator's eval sets has that name.
  case noEval(name: String, names: [String])
  /// What is in the store is not what was installed.
  case corrupt([String])
  /// The index is gone and the blobs are there.
  case databaseLost(store: String)
  /// The index is to be rebuilt, and nothing is wrong with it.
  case indexWhole(store: String)
  /// The disk is full.
  case diskFull(operation: String, path: String, state: State)
  /// The store lies on a medium that cannot be written.
  case readOnly(store: String)
  /// The permissions do not allow it.
  case denied(operation: String, path: String, state: State)
  /// The system refused to read or write.
  case inputOutput(operation: String, path: String, reason: String, state: State)
  /// Somebody else is changing the store.
  case locked(store: String, holder: LockHolder, timeout: Duration)
  /// The directory holds something else.
  case notAStore(path: String, reason: String)
  /// A newer version of the program made the store.
  case newerSchema(store: String, found: Int, known: Int)
  /// An older version made it, and it cannot be brought forward while it is read-only.
  case olderSchemaReadOnly(store: String, found: Int, known: Int)

  /// What holds after an operation that could not be completed.
  public enum State: Sendable, Equatable {
    /// Nothing was to be changed.
    case reading
    /// Everything is as it was.
    case unchanged
    /// The disk failed in the very act of committing.
    case uncertain
    /// Some of what no kept generation needs is gone, and some is not.
    case collecting

    var sentence: String {
      switch self {
      case .reading: "nothing was changed"
      case .unchanged: "the store is unchanged, nothing was installed or removed"
      case .uncertain:
        "the disk failed while the change was being committed; `moe-pack list` shows what is installed"
      case .collecting:
        "nothing that a kept generation needs was touched; the next `moe-pack gc` goes on where it stopped"
      }
    }
  }

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .alreadyInstalled: "already-installed"
    case .lowerRelease: "lower-release"
    case .sameRelease: "same-release"
    case .notInstalled: "not-installed"
    case .noGeneration, .noEarlierGeneration: "no-generation"
    case .generationDropped: "generation-dropped"
    case .revoked: "pack-revoked"
    case .pinned: "pack-pinned"
    case .noTrust: "key-not-trusted"
    case .evalNameTaken: "eval-name-taken"
    case .noEval: "no-eval"
    case .corrupt: "store-corrupt"
    case .databaseLost: "store-database-lost"
    case .indexWhole: "store-index-whole"
    case .diskFull: "disk-full"
    case .readOnly: "store-read-only"
    case .denied: "permission-denied"
    case .inputOutput: "store-io"
    case .locked: "store-locked"
    case .notAStore: "not-a-store"
    case .newerSchema: "store-newer"
    case .olderSchemaReadOnly: "store-older-read-only"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .alreadyInstalled, .lowerRelease, .sameRelease, .pinned, .indexWhole, .evalNameTaken:
      .refused
    case .notInstalled, .noGeneration, .noEarlierGeneration, .generationDropped, .noTrust, .noEval:
      .notFound
    case .revoked: .trust
    case .corrupt, .databaseLost: .corruption
    case .diskFull, .readOnly, .denied, .inputOutput: .inputOutput
    case .locked: .locked
    case .notAStore, .newerSchema, .olderSchemaReadOnly: .configuration
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .alreadyInstalled(let pack, let digest):
      "`\(pack)` is installed already: expected a pack or a release that is not, got the very same "
        + "(sha256:\(digest.short)…)"
    case .lowerRelease(let pack, let release, let highest):
      "`\(pack)` is release \(release), and this store has seen release \(highest) of it: "
        + "expected \(highest) or higher"
    case .sameRelease(let pack, let release, let seen, let got):
      "`\(pack)` is release \(release), and this store has seen another pack of that release: "
        + "expected sha256:\(seen.short)…, got sha256:\(got.short)…"
    case .notInstalled(let name, let nearest):
      "no pack named `\(Self.printable(name))` is installed, expected the name of one that is"
        + (nearest.map { "; the nearest is `\($0)`" } ?? "")
    case .noGeneration(let id, let newest):
      "there is no generation \(id): expected a number from 0 to \(newest)"
    case .noEarlierGeneration(let store):
      "there is nothing to go back to in `\(store)`: expected a generation before the active one, "
        + "got generation 0, which a store is born with"
    case .generationDropped(let id, let oldestKept):
      "the packs of generation \(id) are no longer in the store: "
        + "the oldest generation kept is \(oldestKept)"
    case .revoked(let pack, let subject, let reason):
      "`\(pack)` cannot come back: \(subject) is revoked"
        + (reason.isEmpty ? "" : " (\(Self.printable(reason)))") + ", expected packs that are not"
    case .pinned(let pack):
      "`\(pack)` is pinned: expected a change that leaves it as it is"
    case .noTrust(let keyID, let namespaces):
      "key `\(Self.printable(keyID))` is not trusted"
        + (namespaces.map { " for `\(Self.printable($0))`" } ?? "")
        + ", expected the id of a key that is"
    case .evalNameTaken(let name):
      "an eval set `\(Self.printable(name))` is registered already, expected another name"
    case .noEval(let name, let names):
      "no eval set `\(Self.printable(name))` is registered, expected "
        + (names.isEmpty
          ? "one, and there is none"
          : "one of \(names.map { "`\(Self.printable($0))`" }.joined(separator: ", "))")
    case .corrupt(let findings):
      "the store is damaged: \(findings.first ?? "unreadable")"
        + (findings.count > 1 ? " (and \(findings.count - 1) more)" : "")
    case .databaseLost(let store):
      "`\(store)` holds blobs and no index: expected `\(store)/store.sqlite`, got nothing"
    case .indexWhole(let store):
      "the index of `\(store)` is whole, expected one that is lost or damaged"
    case .diskFull(let operation, let path, _):
      "the disk is full: no room to \(operation) `\(path)`"
    case .readOnly(let store):
      "the store `\(store)` is read-only, expected one that can be written"
    case .denied(let operation, let path, _):
      "no permission to \(operation) `\(path)`"
    case .inputOutput(let operation, let path, let reason, _):
      "the system refused to \(operation) `\(path)`: \(reason)"
    case .locked(let store, let holder, let timeout):
      "`\(store)` is being changed by \(holder.description), "
        + "expected an end within \(Self.seconds(timeout)) s, got none"
    case .notAStore(let path, let reason):
      "`\(path)` is not a pack store: \(reason)"
    case .newerSchema(let store, let found, let known):
      "`\(store)` was made by a newer moe-pack: its index has version \(found), "
        + "and this program knows up to \(known)"
    case .olderSchemaReadOnly(let store, let found, let known):
      "`\(store)` was made by an older moe-pack and is read-only: its index has version \(found), "
        + "expected \(known)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .alreadyInstalled:
      "nothing was changed; `moe-pack list` shows what is installed"
    case .lowerRelease:
      "nothing was installed; to go back on purpose, install with `--allow-downgrade`"
    case .sameRelease:
      "nothing was installed; the publisher should raise `release` in pack.yaml, "
        + "or install with `--allow-downgrade`"
    case .notInstalled:
      "nothing was changed; `moe-pack list` shows what is installed"
    case .noGeneration, .noEarlierGeneration, .generationDropped:
      "nothing was changed; `moe-pack history` lists the generations"
    case .revoked:
      "nothing was changed; `moe-pack trust list` shows what is revoked, "
        + "`moe-pack trust allow DIGEST` accepts one pack of a revoked key"
    case .pinned:
      "nothing was changed; `moe-pack pin --remove NAME` lets the pack change"
    case .noTrust:
      "nothing was changed; `moe-pack trust list` shows the keys"
    case .evalNameTaken:
      "nothing was changed; give it another name with `--name`, or take the other one away with "
        + "`moe-pack eval remove`"
    case .noEval:
      "nothing was changed; `moe-pack eval list` shows what is registered"
    case .corrupt:
      "`moe-pack doctor` names every damaged file and what mends it; "
        + "`moe-pack doctor --repair FILE` mends it from the pack's archive"
    case .databaseLost: Remedy.rebuild
    case .indexWhole:
      "nothing was changed; `moe-pack doctor` says what else is wrong with the store"
    case .diskFull(_, _, let state):
      "\(state.sentence); make room (`moe-pack gc` frees what no generation needs) and try again"
    case .readOnly:
      "nothing was changed; name a directory that can be written with `--store`"
    case .denied(_, _, let state):
      "\(state.sentence); check who owns the store, or name another one with `--store`"
    case .inputOutput(_, _, _, let state):
      "\(state.sentence); check the disk, then try again"
    case .locked:
      "nothing was changed; try again when it is done, or wait longer with `--lock-timeout`"
    case .notAStore:
      "nothing was changed; name a store or an empty directory with `--store`"
    case .newerSchema:
      "nothing was changed; use the newer moe-pack, or another directory with `--store`"
    case .olderSchemaReadOnly:
      "open it once where it can be written: `moe-pack list` brings the index forward"
    }
  }

  /// The seconds of a timeout, with a fraction only where there is one.
  private static func seconds(_ timeout: Duration) -> String {
    let milliseconds =
      timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(Double(milliseconds) / 1000)"
  }

  /// Text that came from outside, cut to 120 characters, its control characters made visible.
  static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(120) {
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
        .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
