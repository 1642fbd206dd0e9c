import MoEBase

/// Which n-grams of tokens a text has: the words that the pooled states of an encoder do not keep.
///
/// The n-grams are the tokens of the text and its pairs of neighbouring tokens, special tokens included, each once. They
/// are hashed into ``bucketCount`` buckets, so that a pack's weights have one size whatever the vocabulary.
///
/// Reference: Weinberger et al., *Feature Hashing for Large Scale Multitask Learning* (2009), ICML; here without signs.
public struct NGramBag: Sendable, Equatable {
  /// H, how many buckets there are.
  public static let bucketCount = TensorName.ngramBucketCount

  /// The buckets of the text's n-grams, ascending, none twice.
  public let buckets: [UInt16]

  /// Takes the n-grams of a text.
  public init(_ encoding: Encoding) {
    let ids = encoding.ids
    var buckets = ids.map { Self.bucket($0, 0) }
    for (first, second) in zip(ids, ids.dropFirst()) {
      buckets.append(Self.bucket(first, UInt64(UInt32(bitPattern: second)) + 1))
    }
    buckets.sort()
    var last: UInt16?
    buckets.removeAll { bucket in
      defer { last = bucket }
      return bucket == last
    }
    self.buckets = buckets
  }

  /// The bucket of a token (`next` is 0) or of a pair (`next` is one more than the second token's id).
  private static func bucket(_ id: Int32, _ next: UInt64) -> UInt16 {
    var mixed = UInt64(UInt32(bitPattern: id)) &* 0x9E37_79B9_7F4A_7C15
    mixed &+= next &* 0xC2B2_AE3D_27D4_EB4F
    mixed ^= mixed >> 29
    mixed &*= 0xBF58_476D_1CE4_E5B9
    mixed ^= mixed >> 32
    return UInt16(truncatingIfNeeded: mixed)
  }

  /// What a row of weights gives this text: their sum over its buckets, in their order, over the root of their number.
  ///
  /// - Parameter weight: `[H]`.
  /// - Returns: 0 for a text without tokens; not finite where a weight of it is not.
  public func score(_ weight: [Float]) -> Double {
    guard !buckets.isEmpty else { return 0 }
    var sum = 0.0
    for bucket in buckets { sum += Double(weight[Int(bucket)]) }
    return sum / Double(buckets.count).squareRoot()
  }
}
