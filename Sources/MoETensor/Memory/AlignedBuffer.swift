import CKernels

/// Floats at an address that is a multiple of 64 bytes, freed with the last reference.
///
/// The buffer does not guard what is written where: those who share it over threads write to parts of
/// their own.
public final class AlignedBuffer {
  /// The alignment in bytes: one cache line, one AVX-512 register.
  public static let alignment = 64

  /// The bytes of a large page.
  private static let largePage = 2 << 20

  /// The first float.
  public private(set) var pointer: UnsafeMutablePointer<Float>
  /// How many floats there are.
  public private(set) var count: Int

  /// Makes a buffer of `count` zeros.
  ///
  /// - Precondition: `count` is not negative and its bytes fit `Int`.
  public init(count: Int) {
    pointer = Self.allocate(count)
    self.count = count
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  /// Makes room for at least `count` floats; when it grows, the content is lost and the address changes.
  ///
  /// - Returns: The first float.
  @discardableResult
  public func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
    guard count > self.count else { return pointer }
    UnsafeMutableRawPointer(pointer).deallocate()
    pointer = Self.allocate(count)
    self.count = count
    return pointer
  }

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    precondition(count >= 0 && !overflow, "a buffer of \(count) floats cannot be")
    let isLarge = byteCount >= Self.largePage
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(byteCount, Self.alignment),
      alignment: isLarge ? Self.largePage : Self.alignment)
    // Weights are read as one stream, which the page table must not hold up.
    if isLarge { moe_advise_large_pages(memory, byteCount) }
    let floats = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    floats.initialize(repeating: 0, count: count)
    return floats
  }
}
