import Foundation
import HTTPTypes
import MoEBase
import Synchronization

/// The keys in force: those of a file, read again when it changes.
final class KeyRing: Sendable {
  /// What tells one state of a file from another.
  private struct Stamp: Equatable {
    var time: Date?
    var size: Int?
    var node: Int?

    init(_ file: URL) {
      let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
      time = attributes?[.modificationDate] as? Date
      size = attributes?[.size] as? Int
      node = attributes?[.systemFileNumber] as? Int
    }
  }

  private struct State {
    var keys: AccessKeyFile
    var stamp: Stamp
    var lastLook = ContinuousClock.now
  }

  private let file: URL?
  private let report: @Sendable (String) -> Void
  private let state: Mutex<State>

  /// Reads the keys; without a file, everybody who reaches the server is ``Caller/local``.
  ///
  /// - Throws: ``ServerError``.
  init(file: URL?, report: @escaping @Sendable (String) -> Void) throws(ServerError) {
    self.file = file
    self.report = report
    state = Mutex(
      State(
        keys: try file.map { file throws(ServerError) in try AccessKeyFile(file: file) }
          ?? AccessKeyFile(), stamp: file.map(Stamp.init) ?? Stamp(URL(fileURLWithPath: "/"))))
  }

  /// Whether a key is needed.
  var isLocked: Bool { file != nil }

  /// Who has the key of an `Authorization` header.
  ///
  /// - Throws: ``APIError``, 401.
  func caller(authorization: String?) throws(APIError) -> Caller {
    guard let file else { return .local }
    guard let authorization else {
      throw APIError(
        .unauthorized, "key-missing",
        "the request has no key, expected `Authorization: Bearer KEY`",
        hint: "nothing was done; ask the operator for a key")
    }
    let keys = keys(of: file)
    let parts = authorization.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer",
      let key = keys.key(of: String(parts[1].drop { $0 == " " }))
    else {
      throw APIError(
        .unauthorized, "key-invalid", "the request's key is not one of this server's",
        hint: "nothing was done; check it, or ask the operator for another")
    }
    return Caller(key)
  }

  /// The keys, as the file has them not longer than a second ago.
  private func keys(of file: URL) -> AccessKeyFile {
    state.withLock { state in
      guard ContinuousClock.now - state.lastLook > .seconds(1) else { return state.keys }
      state.lastLook = .now
      let stamp = Stamp(file)
      guard stamp != state.stamp else { return state.keys }
      do throws(ServerError) {
        state.keys = try AccessKeyFile(file: file)
        state.stamp = stamp
        report("the keys file changed: \(state.keys.keys.count) keys")
      } catch {
        report("the keys stay as they are: \(error.message)")
      }
      return state.keys
    }
  }
}
