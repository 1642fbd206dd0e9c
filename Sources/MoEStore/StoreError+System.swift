import Foundation
import GRDB

extension StoreError {
  /// The store's sentence for a refused system call.
  init(_ error: FileSystemError, store: String, state: State) {
    switch error.number {
    case ENOSPC, EDQUOT, EFBIG:
      self = .diskFull(operation: error.operation, path: error.path, state: state)
    case EROFS: self = .readOnly(store: store)
    case EACCES, EPERM:
      self = .denied(operation: error.operation, path: error.path, state: state)
    default:
      self = .inputOutput(
        operation: error.operation, path: error.path,
        reason: String(cString: strerror(error.number)), state: state)
    }
  }

  /// The store's sentence for what SQLite reports.
  init(_ error: DatabaseError, layout: StoreLayout, state: State) {
    let path = layout.database
    switch error.resultCode {
    case .SQLITE_FULL: self = .diskFull(operation: "write", path: path, state: state)
    case .SQLITE_READONLY: self = .readOnly(store: layout.root)
    case .SQLITE_PERM, .SQLITE_AUTH: self = .denied(operation: "open", path: path, state: state)
    case .SQLITE_NOTADB:
      self = .corrupt(["`\(path)` is not an SQLite database"])
    case .SQLITE_CORRUPT:
      self = .corrupt(["`\(path)`: \(error.message ?? "malformed")"])
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self = .locked(
        store: layout.root, holder: LockHolder(processID: nil, command: nil),
        timeout: .seconds(StoreSchema.busyTimeoutSeconds))
    default:
      self = .inputOutput(
        operation: "use", path: path, reason: error.message ?? "SQLite error \(error.resultCode)",
        state: state)
    }
  }

  /// Turns what the system and SQLite say into the store's own sentences; other errors pass.
  static func translating<Result>(
    _ layout: StoreLayout, _ state: State, _ body: () throws -> Result
  ) throws -> Result {
    do { return try body() } catch { throw translated(error, layout, state) }
  }

  /// `error` as the store's own sentence, if it is the system's or SQLite's.
  static func translated(
    _ error: any Error, _ layout: StoreLayout, _ state: State
  ) -> any Error {
    switch error {
    case let error as FileSystemError: StoreError(error, store: layout.root, state: state)
    case let error as DatabaseError: StoreError(error, layout: layout, state: state)
    case let error as RowDecodingError:
      StoreError.corrupt(["`\(layout.database)`: \(printable(String(describing: error)))"])
    default: error
    }
  }
}
