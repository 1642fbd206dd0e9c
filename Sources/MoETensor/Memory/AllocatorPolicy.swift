import CKernels

/// What the memory allocator does with what a process gives back.
public enum AllocatorPolicy {
  /// Keeps what is freed for what is allocated next, instead of giving large blocks back to the system.
  ///
  /// For work that makes and drops arrays of the same sizes over and over, such as training, where new pages of zeros
  /// each time cost a good part of it. With another C library than GNU's nothing happens.
  public static func keepFreedMemory() { moe_keep_freed_memory() }
}
