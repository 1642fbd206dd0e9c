import Synchronization

/// A value that is made when it is first wanted, by whoever comes first, and shared from then on.
final class Deferred<Value: Sendable>: Sendable {
  private let made = Mutex<Value?>(nil)
  private let make: @Sendable () throws -> Value

  init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

  /// The value; others wait while it is made, and where that fails, the next try makes it anew.
  ///
  /// - Throws: What making it throws.
  func get() throws -> Value {
    try made.withLock { made in
      if let made { return made }
      let value = try make()
      made = value
      return value
    }
  }
}
