import Foundation
import MoEModel
import Testing

@Suite struct NGramBagTests {
  private func bag(_ ids: [Int32]) -> NGramBag {
    NGramBag(Encoding(ids: ids, tokenCount: ids.count))
  }

  /// The bucket as SPEC 14.5 has it, by another road: 128-bit products.
  private func bucket(_ a: UInt64, _ b: UInt64) -> UInt16 {
    let modulus = UInt128(1) << 64
    var x = (UInt128(a) * 0x9E37_79B9_7F4A_7C15 + UInt128(b) * 0xC2B2_AE3D_27D4_EB4F) % modulus
    x ^= x >> 29
    x = (x * 0xBF58_476D_1CE4_E5B9) % modulus
    x ^= x >> 32
    return UInt16(x % 65_536)
  }

  @Test func `a bag has each token and each pair once, in order`() {
    let ids: [Int32] = [101, 7, 30_000, 7, 30_000, 0, 102]
    var expected = Set(ids.map { bucket(UInt64($0), 0) })
    for (a, b) in zip(ids, ids.dropFirst()) { expected.insert(bucket(UInt64(a), UInt64(b) + 1)) }
    #expect(bag(ids).buckets == expected.sorted())
    #expect(expected.count == 5 + 5, "no collision among these: 5 tokens, 5 pairs")
    #expect(bag([]).buckets.isEmpty)
    #expect(bag([5]).buckets == [bucket(5, 0)])
    // Order tells.
    #expect(bag([1, 2]) != bag([2, 1]))
  }

  @Test func `a score is the sum over the buckets by the root of their number`() {
    var weight = [Float](repeating: 0, count: NGramBag.bucketCount)
    let text = bag([3, 4, 5])
    #expect(text.buckets.count == 5)
    for (place, bucket) in text.buckets.enumerated() { weight[Int(bucket)] = Float(place) + 0.25 }
    // 0.25 + 1.25 + 2.25 + 3.25 + 4.25
    let expected = 11.25 / 5.0.squareRoot()
    #expect(text.score(weight) == expected)
    #expect(bag([]).score(weight) == 0)
    weight[Int(text.buckets[2])] = .nan
    #expect(text.score(weight).isNaN)
  }
}
