import NIOCore
import Synchronization

/// The connections of a server.
final class ConnectionRegistry: Sendable {
  private let lives = Mutex<[ObjectIdentifier: ConnectionLife]>([:])

  /// How many there are.
  var count: Int { lives.withLock(\.count) }

  /// Adds one; returns how many there are now.
  func add(_ life: ConnectionLife, of channel: any Channel) -> Int {
    lives.withLock {
      $0[ObjectIdentifier(channel)] = life
      return $0.count
    }
  }

  func remove(_ channel: any Channel) {
    lives.withLock { $0[ObjectIdentifier(channel)] = nil }
  }

  func life(of channel: any Channel) -> ConnectionLife? {
    lives.withLock { $0[ObjectIdentifier(channel)] }
  }
}

/// Whether the client of a connection is there, and what ends when it is not.
final class ConnectionLife: Sendable {
  private struct State {
    var isOver = false
    var next = 0
    var handlers: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())

  /// The client is gone: cancels what runs for it.
  func end() {
    let handlers = state.withLock { state in
      state.isOver = true
      defer { state.handlers = [:] }
      return Array(state.handlers.values)
    }
    for handler in handlers { handler() }
  }

  /// Runs `operation` in a task that is cancelled when the client goes.
  func run<Result: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let task = Task { try await operation() }
    let id = state.withLock { state -> Int? in
      guard !state.isOver else { return nil }
      state.next += 1
      state.handlers[state.next] = { task.cancel() }
      return state.next
    }
    if id == nil { task.cancel() }
    defer { if let id { state.withLock { $0.handlers[id] = nil } } }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
