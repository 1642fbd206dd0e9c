import CKernels

/// Processors that a thread may run on, as the kernel numbers them.
public struct ProcessorSet: Sendable, Equatable {
  /// The numbers, ascending.
  public let numbers: [Int]

  /// As many processors as Linux can be built for.
  private static let most = 8192

  /// Each processor alone.
  public var singles: [ProcessorSet] { numbers.map { ProcessorSet(numbers: [$0]) } }

  /// The processors that the calling thread may run on.
  ///
  /// - Returns: `nil` where the system does not tell.
  public static func ofThisThread() -> ProcessorSet? {
    withUnsafeTemporaryAllocation(of: Bool.self, capacity: most) { may in
      may.initialize(repeating: false)
      guard let start = may.baseAddress, moe_get_processors(start, most) else { return nil }
      return ProcessorSet(numbers: may.indices.filter { may[$0] })
    }
  }

  /// Has the calling thread run on these alone, and the threads that it starts from now on.
  ///
  /// - Returns: Whether the system agreed; if not, nothing has changed.
  @discardableResult public func take() -> Bool {
    withUnsafeTemporaryAllocation(of: Bool.self, capacity: (numbers.last ?? 0) + 1) { may in
      may.initialize(repeating: false)
      for number in numbers { may[number] = true }
      return may.baseAddress.map { moe_set_processors($0, may.count) } ?? false
    }
  }
}
