import MoETensor
import Testing

@Suite struct CachedAttentionTests {
  private struct Inputs {
    let shape: CachedAttentionShape
    let tokens: Int
    let queries: [Float]
    let keys: [Float]
    let values: [Float]

    init(_ shape: CachedAttentionShape, tokens: Int, seed: UInt64) {
      self.shape = shape
      self.tokens = tokens
      queries = samples(tokens * shape.heads * shape.headWidth, seed: seed, scale: 1.5)
      keys = samples(tokens * shape.keyHeads * shape.headWidth, seed: seed + 1, scale: 1.5)
      values = samples(tokens * shape.keyHeads * shape.headWidth, seed: seed + 2)
    }

    /// The definition, query by query.
    func expected() -> [Float] {
      let width = shape.headWidth
      var y: [Float] = []
      for t in 0..<tokens {
        for head in 0..<shape.heads {
          let keyHead = head / (shape.heads / shape.keyHeads)
          func rows(_ x: [Float]) -> [[Float]] {
            (0..<tokens).map { s in
              let start = (s * shape.keyHeads + keyHead) * width
              return Array(x[start..<start + width])
            }
          }
          let start = (t * shape.heads + head) * width
          y += Naive.attention(
            query: Array(queries[start..<start + width]), keys: rows(keys), values: rows(values),
            seen: max(0, t + 1 - (shape.window ?? t + 1))..<t + 1, scale: shape.scale)
        }
      }
      return y
    }

    /// The kernel, tokens coming in parts of these lengths.
    func attend(_ kernels: Kernels, parts: [Int]) -> [Float] {
      let cache = KeyValuePanels(shape: shape)
      let row = shape.heads * shape.headWidth
      let keyRow = shape.keyHeads * shape.headWidth
      return output(tokens * row) { y in
        var position = 0
        for count in parts {
          cache.reserve(position + count, keeping: position)
          keys.withUnsafeBufferPointer { keys in
            values.withUnsafeBufferPointer { values in
              guard let keys = keys.baseAddress, let values = values.baseAddress else { return }
              cache.append(
                keys: keys + position * keyRow, values: values + position * keyRow,
                stride: keyRow, count: count, position: position)
            }
          }
          let workspace = AlignedBuffer(count: cache.workspaceCount)
          for index in 0..<workspace.count { workspace.pointer[index] = .nan }
          queries.withUnsafeBufferPointer { queries in
            guard let queries = queries.baseAddress else { return }
            cache.attend(
              queries: queries + position * row, stride: row, count: count, position: position,
              kernels: kernels, into: y + position * row, contextStride: row,
              workspace: workspace.pointer)
          }
          position += count
        }
      }
    }
  }

  @Test func `every path has the bits of the definition, however the tokens come`() {
    for (heads, keyHeads, width) in [(2, 2, 32), (4, 2, 16), (6, 1, 10), (1, 1, 40), (50, 1, 8)] {
      for window in [nil, 1, 5, 33] {
        for tokens in [1, 2, 17, 50, 97] {
          let shape = CachedAttentionShape(
            heads: heads, keyHeads: keyHeads, headWidth: width, window: window,
            scale: 1 / Float(width).squareRoot())
          let inputs = Inputs(shape, tokens: tokens, seed: UInt64(heads * 1000 + tokens))
          let expected = bits(inputs.expected())
          for kernels in everyPath {
            let whole = inputs.attend(kernels, parts: [tokens])
            #expect(bits(whole) == expected, "\(kernels.path) \(shape) T \(tokens)")
            if tokens > 2 {
              let parts = inputs.attend(kernels, parts: [1, tokens - 2, 1])
              #expect(bits(parts) == expected, "\(kernels.path) \(shape) T \(tokens), parts")
            }
          }
          let single = inputs.attend(Kernels(), parts: Array(repeating: 1, count: tokens))
          #expect(bits(single) == expected, "\(shape) T \(tokens), one by one")
        }
      }
    }
  }
}
