/// What a reader allows a file to be.
public struct SafeTensorsLimits: Sendable {
  /// The longest header, in bytes.
  public var headerBytes: Int
  /// The largest number of tensors.
  public var tensors: Int
  /// The longest tensor name, in bytes.
  public var nameBytes: Int
  /// The largest number of dimensions.
  public var rank: Int
  /// Whether a tensor may have no elements.
  public var allowsEmptyTensors: Bool

  /// Makes limits; the defaults are the format's own.
  public init(
    headerBytes: Int = 100_000_000, tensors: Int = 65_536, nameBytes: Int = 256, rank: Int = 8,
    allowsEmptyTensors: Bool = true
  ) {
    self.headerBytes = headerBytes
    self.tensors = tensors
    self.nameBytes = nameBytes
    self.rank = rank
    self.allowsEmptyTensors = allowsEmptyTensors
  }

  /// The limits for a file that comes in a pack: a header of 16 MiB, no empty tensors.
  public static let pack = SafeTensorsLimits(headerBytes: 16 << 20, allowsEmptyTensors: false)
}
