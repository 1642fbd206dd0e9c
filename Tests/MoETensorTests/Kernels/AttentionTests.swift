import MoETensor
import Testing

@Suite struct AttentionTests {
  private func attend(
    _ kernels: Kernels, _ fused: [Float], tokens: Int, heads: Int, width: Int,
    mask: AttentionMask = .bidirectional
  ) -> [Float] {
    let row = heads * width
    let workspace = AlignedBuffer(
      count: Kernels.attentionWorkspaceCount(tokens: tokens, headWidth: width))
    for index in 0..<workspace.count { workspace.pointer[index] = .nan }
    return output(tokens * row) { y in
      fused.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        kernels.attention(
          queries: base, keys: base + row, values: base + 2 * row, stride: 3 * row,
          tokens: tokens, heads: heads, headWidth: width, mask: mask, into: y,
          workspace: workspace.pointer)
      }
    }
  }

  @Test func `every path has the bits of the definition, whatever stood in the workspace`() {
    for tokens in [1, 2, 3, 7, 15, 16, 17, 31, 33, 49, 64, 100] {
      for (heads, width) in [(2, 32), (1, 16), (3, 5), (1, 40), (2, 64)] {
        let seed = UInt64(tokens * 1000 + heads * 100 + width)
        let fused = samples(tokens * 3 * heads * width, seed: seed, scale: 1.5)
        for mask in [AttentionMask.bidirectional, .causal(offset: 0), .causal(offset: 3)] {
          let expected = bits(
            Naive.attention(fused, tokens: tokens, heads: heads, width: width, mask: mask))
          for kernels in everyPath {
            let y = attend(
              kernels, fused, tokens: tokens, heads: heads, width: width, mask: mask)
            #expect(bits(y) == expected, "\(kernels.path) T \(tokens) H \(heads) \(width) \(mask)")
          }
        }
      }
    }
  }

  @Test func `a masked key may be NaN`() {
    let (tokens, width) = (5, 32)
    var fused = samples(tokens * 3 * width, seed: 1)
    for kernels in everyPath {
      let clean = attend(
        kernels, fused, tokens: tokens, heads: 1, width: width, mask: .causal(offset: 0))
      for d in 0..<3 * width { fused[(tokens - 1) * 3 * width + d] = .nan }
      let y = attend(
        kernels, fused, tokens: tokens, heads: 1, width: width, mask: .causal(offset: 0))
      let seen = (tokens - 1) * width
      #expect(bits(Array(y[..<seen])) == bits(Array(clean[..<seen])))
      #expect(y[seen...].allSatisfy { $0.isNaN })
      fused = samples(tokens * 3 * width, seed: 1)
    }
  }

  @Test func `weights sum to one, so equal values come through`() {
    let (tokens, width) = (40, 32)
    var fused = samples(tokens * 3 * width, seed: 2)
    for t in 0..<tokens {
      for d in 0..<width { fused[t * 3 * width + 2 * width + d] = 2.5 }
    }
    for kernels in everyPath {
      let y = attend(kernels, fused, tokens: tokens, heads: 1, width: width)
      // Two roundings of a sum of 40 weights and one of its reciprocal.
      #expect(y.allSatisfy { abs($0 - 2.5) < 2e-6 })
    }
  }
}
