import MoETensor

/// What one layer's router did with the rows of a batch; valid during the call that receives it.
public struct RoutedRows {
  /// The layer.
  public let layer: Int
  /// The gate.
  public let gate: ExpertGate
  /// What the top-k chose from, `[N, E]`: probabilities, or logits where the softmax comes after.
  public let scores: UnsafeBufferPointer<Float>
  /// The experts of each row in ascending order, `[N, K]`.
  public let experts: [Int32]
  /// Their weights, `[N, K]`.
  public let weights: [Float]
}

/// The buffers of one decoder pass after another: made once, grown when a batch needs more, never shared.
public final class DecoderWorkspace {
  let hidden = AlignedBuffer(count: 0)
  let normed = AlignedBuffer(count: 0)
  let queryKeyValue = AlignedBuffer(count: 0)
  let context = AlignedBuffer(count: 0)
  let output = AlignedBuffer(count: 0)
  let cosines = AlignedBuffer(count: 0)
  let sines = AlignedBuffer(count: 0)
  let router = AlignedBuffer(count: 0)
  let chosen = AlignedBuffer(count: 0)
  let gathered = AlignedBuffer(count: 0)
  let inner = AlignedBuffer(count: 0)
  let expertOutput = AlignedBuffer(count: 0)
  let logits = AlignedBuffer(count: 0)
  /// The scratch of attention, one a worker.
  var attention: [AlignedBuffer] = []

  /// Makes empty buffers.
  public init() {}

  /// Makes sure that every worker has `count` floats of scratch.
  func reserveAttention(workers: Int, count: Int) {
    while attention.count < workers { attention.append(AlignedBuffer(count: 0)) }
    for buffer in attention { buffer.reserve(count) }
  }
}

/// One pass: the threads, kernels and buffers it runs on.
struct DecoderRun {
  let pool: ThreadPool
  let kernels: Kernels
  let workspace: DecoderWorkspace
  /// Told what every router did.
  var observer: ((RoutedRows) -> Void)?

  /// Parts of a weight matrix that one task takes, so that the threads find enough of them.
  private var taskCount: Int { pool.threadCount == 1 ? 1 : 4 * pool.threadCount }

  /// `y = x Wᵀ + bias`, its outputs shared among the threads.
  func linear(
    _ x: UnsafePointer<Float>, rows: Int, stride: Int? = nil, weight: PackedMatrix, bias: [Float]?,
    into y: UnsafeMutablePointer<Float>
  ) {
    let chunk = max((weight.panelCount + taskCount - 1) / taskCount, 1)
    let tasks = (weight.panelCount + chunk - 1) / chunk
    withOptional(bias) { bias in
      pool.run(count: tasks) { task, _ in
        let panels = task * chunk..<min((task + 1) * chunk, weight.panelCount)
        kernels.linear(
          x, rows: rows, stride: stride, weight: weight, bias: bias, into: y, panels: panels)
      }
    }
  }

  /// Some outputs of `y = x Wᵀ`, on this thread.
  func linearPanels(
    _ x: UnsafePointer<Float>, rows: Int, stride: Int? = nil, weight: PackedMatrix,
    panels: Range<Int>, into y: UnsafeMutablePointer<Float>
  ) {
    kernels.linear(x, rows: rows, stride: stride, weight: weight, into: y, panels: panels)
  }

  /// Runs `body` for parts of the panels of each item's matrix, shared among the threads.
  func each<Item>(
    _ items: [Item], panels: (Item) -> Int, _ body: (Item, Range<Int>) -> Void
  ) {
    guard !items.isEmpty else { return }
    let parts = max((taskCount + items.count - 1) / items.count, 1)
    let counts = items.map(panels)
    pool.run(count: items.count * parts) { task, _ in
      let count = counts[task / parts]
      let part = task % parts
      let range = count * part / parts..<count * (part + 1) / parts
      if !range.isEmpty { body(items[task / parts], range) }
    }
  }

  /// What a dense network makes of rows: `y = down(silu(gate(x)) · up(x))`.
  func network(
    _ network: GatedNetwork, _ x: UnsafePointer<Float>, rows: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    let inner = network.width
    let gateUp = workspace.inner.reserve(rows * 2 * inner)
    linear(x, rows: rows, weight: network.gateUp, bias: network.gateUpBias, into: gateUp)
    pool.run(count: (rows + 15) / 16) { task, _ in
      let start = gateUp + task * 16 * 2 * inner
      kernels.siluProduct(
        gate: start, up: start + inner, rows: min(16, rows - task * 16), columns: inner,
        stride: 2 * inner, into: start, outputStride: 2 * inner)
    }
    linear(
      gateUp, rows: rows, stride: 2 * inner, weight: network.down, bias: network.downBias, into: y)
  }

  private func withOptional(
    _ values: [Float]?, _ body: (UnsafePointer<Float>?) -> Void
  ) {
    guard let values else { return body(nil) }
    values.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
