public import SafeTensors

/// What a reader allows an archive to be; an operator may lower each limit.
public struct ArchiveLimits: Sendable {
  /// The largest number of entries, the envelope not counted.
  public var entries: Int
  /// The most bytes all entries may have together.
  public var totalBytes: Int
  /// The most bytes the envelope may have.
  public var envelopeBytes: Int
  /// The largest window of the zstd frame.
  public var windowBytes: Int
  /// What an archive may always expand to.
  public var expansionFloorBytes: Int
  /// How many times its own size an archive may expand to beyond the floor.
  public var expansionFactor: Int
  /// What the tensor entries may always expand to together.
  public var tensorsFloorBytes: Int
  /// How many times the archive's size the tensor entries may have together beyond that floor.
  public var tensorsFactor: Int
  /// The most bytes `labels.json` may have.
  public var labelsBytes: Int
  /// What each tensor file may be.
  public var tensors: SafeTensorsLimits

  /// Makes limits; the defaults are the SPEC's.
  public init(
    entries: Int = 4096, totalBytes: Int = 64 << 30, envelopeBytes: Int = 4 << 20,
    windowBytes: Int = 32 << 20, expansionFloorBytes: Int = 512 << 20, expansionFactor: Int = 20,
    tensorsFloorBytes: Int = 4 << 20, tensorsFactor: Int = 4, labelsBytes: Int = 16 << 20,
    tensors: SafeTensorsLimits = .pack
  ) {
    self.entries = entries
    self.totalBytes = totalBytes
    self.envelopeBytes = envelopeBytes
    self.windowBytes = windowBytes
    self.expansionFloorBytes = expansionFloorBytes
    self.expansionFactor = expansionFactor
    self.tensorsFloorBytes = tensorsFloorBytes
    self.tensorsFactor = tensorsFactor
    self.labelsBytes = labelsBytes
    self.tensors = tensors
  }

  /// The most bytes an archive of `size` bytes may expand to.
  func expandedBytes(of size: Int) -> Int {
    max(expansionFloorBytes, Self.times(size, expansionFactor))
  }

  /// The most bytes the tensor entries of an archive of `size` bytes may have together.
  func tensorBytes(of size: Int) -> Int { max(tensorsFloorBytes, Self.times(size, tensorsFactor)) }

  private static func times(_ size: Int, _ factor: Int) -> Int {
    let product = size.multipliedReportingOverflow(by: factor)
    return product.overflow ? Int.max : product.partialValue
  }
}
