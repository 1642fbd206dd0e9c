/// Scratch memory that one worker reuses from call to call, in slots that only ever grow.
///
/// A slot is a small number the owner gives a meaning to. What a slot points to is valid until the same
/// slot is asked for more floats than it has. One thread at a time uses a workspace.
public final class Workspace {
  private var slots: [AlignedBuffer] = []

  /// Makes a workspace that holds nothing yet.
  public init() {}

  /// At least `count` floats of slot `slot`, with what was last written there, or anything after growth.
  ///
  /// - Precondition: `slot` is in `0..<256`.
  public func floats(_ slot: Int, count: Int) -> UnsafeMutablePointer<Float> {
    precondition((0..<256).contains(slot), "slot \(slot) of a workspace is not in 0..<256")
    while slots.count <= slot { slots.append(AlignedBuffer(count: 0)) }
    let buffer = slots[slot]
    buffer.reserve(count)
    return buffer.pointer
  }

  /// The bytes held over all slots.
  public var sizeBytes: Int { slots.reduce(0) { $0 + $1.count * MemoryLayout<Float>.stride } }
}
