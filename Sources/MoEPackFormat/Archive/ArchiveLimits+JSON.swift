public import MoEBase
import SafeTensors

extension ArchiveLimits {
  /// The limits as an operator lowers them: every key is optional, and none may rise above its default.
  ///
  /// ```
  /// {"entries": 64, "totalBytes": 1073741824, "envelopeBytes": …, "windowBytes": …,
  ///  "expansionFloorBytes": …, "expansionFactor": …, "tensorsFloorBytes": …, "tensorsFactor": …,
  ///  "labelsBytes": …, "tensorHeaderBytes": …, "tensors": …, "tensorNameBytes": …, "tensorRank": …}
  /// ```
  ///
  /// - Throws: `JSONSchemaError` for a key that is not known, and for what is no whole number from 1 to the
  ///   default.
  public init(lowering reader: JSONReader) throws(JSONSchemaError) {
    var reader = reader
    self.init()
    let own: [(String, WritableKeyPath<ArchiveLimits, Int>)] = [
      ("entries", \.entries), ("totalBytes", \.totalBytes), ("envelopeBytes", \.envelopeBytes),
      ("windowBytes", \.windowBytes), ("expansionFloorBytes", \.expansionFloorBytes),
      ("expansionFactor", \.expansionFactor), ("tensorsFloorBytes", \.tensorsFloorBytes),
      ("tensorsFactor", \.tensorsFactor), ("labelsBytes", \.labelsBytes),
      ("tensorHeaderBytes", \.tensors.headerBytes), ("tensors", \.tensors.tensors),
      ("tensorNameBytes", \.tensors.nameBytes), ("tensorRank", \.tensors.rank),
    ]
    for (key, limit) in own where reader.optional(key) != nil {
      self[keyPath: limit] = try reader.integer(key, in: 1...self[keyPath: limit])
    }
    try reader.finish()
  }
}
