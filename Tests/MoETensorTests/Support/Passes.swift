import MoETensor

/// One kernel forward and backward, on arrays.
struct Passes {
  let backward: BackwardKernels
  private var kernels: Kernels { backward.kernels }

  init() throws { backward = try BackwardKernels() }

  struct Linear {
    var y, dx, dWeight, dBias: [Float]
  }

  func linear(_ x: [Float], rows: Int, _ weight: [Float], _ bias: [Float], dy: [Float]) -> Linear {
    let inputs = x.count / rows
    let packed = PackedMatrix(rows: bias.count, columns: inputs, values: weight)
    var pass = Linear(y: [], dx: [], dWeight: [], dBias: [])
    pass.y = output(dy.count) {
      kernels.linear(x, rows: rows, weight: packed, bias: bias, into: $0)
    }
    pass.dWeight = output(weight.count) { dWeight in
      pass.dBias = output(bias.count) { dBias in
        backward.addWeightGradient(
          x: x, inputs: inputs, dy: dy, outputs: bias.count, rows: rows, dWeight: dWeight,
          dBias: dBias)
      }
    }
    pass.dx = output(x.count, filledWith: .nan) {
      kernels.linear(dy, rows: rows, weight: packed.transposed(), into: $0)
    }
    return pass
  }

  func gelu(_ x: [Float], dy: [Float]) -> (y: [Float], dx: [Float]) {
    (
      output(x.count) { kernels.gelu(x, count: x.count, into: $0) },
      output(x.count) { backward.geluBackward(x: x, dy: dy, count: x.count, dx: $0) }
    )
  }

  struct LayerNorm {
    var y, dx, dGain, dBias: [Float]
  }

  func layerNorm(
    _ x: [Float], gain: [Float], bias: [Float], epsilon: Float, dy: [Float]
  ) -> LayerNorm {
    let columns = gain.count
    let rows = x.count / columns
    var pass = LayerNorm(y: [], dx: [], dGain: [], dBias: [])
    pass.y = output(x.count) {
      kernels.layerNorm(
        x, rows: rows, columns: columns, gain: gain, bias: bias, epsilon: epsilon, into: $0)
    }
    pass.dGain = output(columns) { dGain in
      pass.dBias = output(columns) { dBias in
        pass.dx = output(x.count) { dx in
          dx.update(from: dy, count: dy.count)
          backward.layerNormBackward(
            x: x, dy: UnsafePointer(dx), rows: rows, columns: columns, gain: gain,
            epsilon: epsilon, dx: dx, dGain: dGain, dBias: dBias)
        }
      }
    }
    return pass
  }

  func softmax(_ x: [Float], columns: Int, dy: [Float]) -> (y: [Float], dx: [Float]) {
    let rows = x.count / columns
    let y = output(x.count) {
      $0.update(from: x, count: x.count)
      kernels.softmax($0, rows: rows, columns: columns)
    }
    let dx = output(x.count) {
      backward.softmaxBackward(probabilities: y, dy: dy, rows: rows, columns: columns, dx: $0)
    }
    return (y, dx)
  }

  func attention(
    _ fused: [Float], tokens: Int, heads: Int, width: Int, dy: [Float]
  ) -> (y: [Float], dx: [Float]) {
    let row = heads * width
    let forward = AlignedBuffer(
      count: Kernels.attentionWorkspaceCount(tokens: tokens, headWidth: width))
    let workspace = AlignedBuffer(count: BackwardKernels.attentionWorkspaceCount(tokens: tokens))
    return fused.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return ([], []) }
      let y = output(tokens * row) {
        kernels.attention(
          queries: base, keys: base + row, values: base + 2 * row, stride: 3 * row,
          tokens: tokens, heads: heads, headWidth: width, into: $0, workspace: forward.pointer)
      }
      let dx = output(fused.count, filledWith: .nan) {
        backward.attentionBackward(
          queries: base, keys: base + row, values: base + 2 * row, stride: 3 * row,
          tokens: tokens, heads: heads, headWidth: width, dy: dy, dQueries: $0, dKeys: $0 + row,
          dValues: $0 + 2 * row, workspace: workspace.pointer)
      }
      return (y, dx)
    }
  }

  func meanPool(_ x: [Float], columns: Int, dy: [Float]) -> (y: [Float], dx: [Float]) {
    let rows = x.count / columns
    return (
      output(columns) { kernels.meanPool(x, rows: rows, columns: columns, into: $0) },
      output(x.count) { backward.meanPoolBackward(dy: dy, rows: rows, columns: columns, dx: $0) }
    )
  }

  func l2Normalize(_ x: [Float], columns: Int, dy: [Float]) -> (y: [Float], dx: [Float]) {
    let rows = x.count / columns
    return (
      output(x.count) { kernels.l2Normalize(x, rows: rows, columns: columns, into: $0) },
      output(x.count) {
        backward.l2NormalizeBackward(x: x, dy: dy, rows: rows, columns: columns, dx: $0)
      }
    )
  }
}
