import MoETensor

/// The experts of one layer behind their router: dropless, each token to its K experts.
///
/// The order of the softmax and the top-k, and what the kept probabilities are divided by, are the gate's.
/// Router and softmax run in `Float` whatever the weights are stored in. A token's sum is taken in the
/// order of its experts' indices, so its bits do not depend on what else is in the batch.
public struct SparseNetwork: Sendable {
  /// An expert that every token passes, behind a sigmoid gate of its own.
  struct Shared: Sendable {
    let network: GatedNetwork
    /// `[1, D]`.
    let gate: PackedMatrix
  }

  /// The shape and the gating maths.
  let gate: ExpertGate
  /// `[E, D]`.
  let router: PackedMatrix
  /// E networks, each of its own width.
  let experts: [GatedNetwork]
  var shared: Shared?

  /// Which experts the rows of a batch go to.
  struct Assignment {
    /// The experts of each row, in ascending order, and their weights: `[N, K]`.
    var experts: [Int32] = []
    var weights: [Float] = []
  }

  /// Adds to each row of `sum` what the experts make of the row of `x`.
  ///
  /// - Parameters:
  ///   - x: `[N, D]`.
  ///   - rows: Which rows; all when absent.
  ///   - rowCount: N.
  ///   - layer: The layer it stands in, for the observer.
  ///   - sum: `[N, D]`.
  ///   - run: What runs it, and whom routes are told.
  func add(
    _ x: UnsafePointer<Float>, rows: [Int]? = nil, rowCount: Int, layer: Int,
    to sum: UnsafeMutablePointer<Float>, run: DecoderRun
  ) {
    let width = router.columns
    let chosen = rows ?? Array(0..<rowCount)
    guard !chosen.isEmpty else { return }
    var input = x
    if rows != nil {
      let own = run.workspace.chosen.reserve(chosen.count * width)
      run.kernels.gather(x, columns: width, indices: chosen, into: own)
      input = UnsafePointer(own)
    }
    let assignment = route(input, rows: chosen.count, layer: layer, run: run)
    let plan = ExpertPlan(assignment, rowCount: chosen.count, topK: gate.topK, experts: experts)
    compute(input, plan: plan, run: run)
    let slots = run.workspace.expertOutput.pointer
    run.pool.run(count: (chosen.count + 15) / 16) { task, _ in
      for place in task * 16..<min(task * 16 + 16, chosen.count) {
        let row = sum + chosen[place] * width
        for k in place * gate.topK..<(place + 1) * gate.topK {
          run.kernels.addScaled(
            assignment.weights[k], slots + plan.slots[k] * width, count: width, into: row)
        }
      }
    }
    if let shared { add(shared, input, rows: chosen, to: sum, run: run) }
  }

  /// Routes rows: K experts each.
  private func route(
    _ x: UnsafePointer<Float>, rows: Int, layer: Int, run: DecoderRun
  ) -> Assignment {
    let count = gate.expertCount
    let logits = run.workspace.router.reserve(rows * count)
    run.linear(x, rows: rows, weight: router, bias: nil, into: logits)
    if gate.order == .softmaxThenTopK {
      run.kernels.softmax(logits, rows: rows, columns: count)
    }
    var assignment = Assignment()
    assignment.experts.reserveCapacity(rows * gate.topK)
    assignment.weights.reserveCapacity(rows * gate.topK)
    var chosen = [Int32](repeating: 0, count: gate.topK)
    for row in 0..<rows {
      let p = logits + row * count
      run.kernels.topK(p, count: count, k: gate.topK, into: &chosen)
      var weights = chosen.map { p[Int($0)] }
      normalize(&weights, run: run)
      for place in chosen.indices.sorted(by: { chosen[$0] < chosen[$1] }) {
        assignment.experts.append(chosen[place])
        assignment.weights.append(weights[place])
      }
    }
    run.observer?(
      RoutedRows(
        layer: layer, gate: gate, scores: UnsafeBufferPointer(start: logits, count: rows * count),
        experts: assignment.experts, weights: assignment.weights))
    return assignment
  }

  /// Turns the K kept numbers, greatest first, into weights.
  private func normalize(_ weights: inout [Float], run: DecoderRun) {
    if gate.order == .topKThenSoftmax {
      let count = weights.count
      weights.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { run.kernels.softmax(base, rows: 1, columns: count) }
      }
      return
    }
    let divisor: Float
    switch gate.normalization {
    case .none: return
    case .sum: divisor = weights.reduce(0, +)
    case .pNorm(let p):
      let powers = weights.reduce(0.0) { $0 + Elementary.exp(p * Elementary.log(Double($1))) }
      divisor = Float(Elementary.exp(Elementary.log(powers) / p))
    }
    for index in weights.indices { weights[index] /= divisor }
  }

  /// Runs every expert on its rows: slot s of `expertOutput` holds one row's output of one expert.
  private func compute(_ x: UnsafePointer<Float>, plan: ExpertPlan, run: DecoderRun) {
    let width = router.columns
    let slotCount = plan.rows.count
    let gathered = run.workspace.gathered.reserve(slotCount * width)
    let inner = run.workspace.inner.reserve(plan.innerCount)
    let output = run.workspace.expertOutput.reserve(slotCount * width)
    run.kernels.gather(x, columns: width, indices: plan.rows, into: gathered)
    run.each(plan.active, panels: { experts[$0.expert].gateUp.panelCount }) { part, panels in
      let network = experts[part.expert]
      run.linearPanels(
        gathered + part.first * width, rows: part.count, weight: network.gateUp, panels: panels,
        into: inner + part.inner)
    }
    run.pool.run(count: (slotCount + 15) / 16) { task, _ in
      let slots = task * 16..<min(task * 16 + 16, slotCount)
      for part in plan.active {
        let own = slots.clamped(to: part.slots)
        guard !own.isEmpty else { continue }
        let rows = inner + part.inner + (own.lowerBound - part.first) * 2 * part.width
        run.kernels.siluProduct(
          gate: rows, up: rows + part.width, rows: own.count, columns: part.width,
          stride: 2 * part.width, into: rows, outputStride: 2 * part.width)
      }
    }
    run.each(plan.active, panels: { experts[$0.expert].down.panelCount }) { part, panels in
      run.linearPanels(
        inner + part.inner, rows: part.count, stride: 2 * part.width,
        weight: experts[part.expert].down, panels: panels, into: output + part.first * width)
    }
  }

  /// Adds the shared expert, each row weighted by the sigmoid of its gate.
  private func add(
    _ shared: Shared, _ x: UnsafePointer<Float>, rows: [Int], to sum: UnsafeMutablePointer<Float>,
    run: DecoderRun
  ) {
    let width = router.columns
    let output = run.workspace.expertOutput.reserve(rows.count * width)
    run.network(shared.network, x, rows: rows.count, into: output)
    let gates = run.workspace.router.reserve(rows.count)
    run.linear(x, rows: rows.count, weight: shared.gate, bias: nil, into: gates)
    for (place, row) in rows.enumerated() {
      let weight = Float(Elementary.sigmoid(Double(gates[place])))
      run.kernels.addScaled(weight, output + place * width, count: width, into: sum + row * width)
    }
  }
}

/// Which slots of the gathered rows belong to which expert.
private struct ExpertPlan {
  /// An expert's share: `count` slots from `first`.
  struct Part {
    let expert: Int
    let first: Int
    let count: Int
    /// F of this expert.
    let width: Int
    /// Where the `count` rows `[2 F]` of its gate and up-projection begin.
    let inner: Int

    var slots: Range<Int> { first..<first + count }
  }

  /// The row of each slot; slots lie expert by expert, ascending.
  var rows: [Int]
  /// The slot of each row and each of its experts, `[N, K]`.
  var slots: [Int]
  /// The experts that have rows.
  var active: [Part] = []
  /// The numbers of all gates and up-projections.
  var innerCount = 0

  init(
    _ assignment: SparseNetwork.Assignment, rowCount: Int, topK: Int, experts: [GatedNetwork]
  ) {
    let count = experts.count
    var starts = [Int](repeating: 0, count: count + 1)
    for expert in assignment.experts { starts[Int(expert) + 1] += 1 }
    for expert in 0..<count { starts[expert + 1] += starts[expert] }
    for expert in 0..<count where starts[expert + 1] > starts[expert] {
      let part = Part(
        expert: expert, first: starts[expert], count: starts[expert + 1] - starts[expert],
        width: experts[expert].width, inner: innerCount)
      active.append(part)
      innerCount += part.count * 2 * part.width
    }
    rows = Array(repeating: 0, count: rowCount * topK)
    slots = Array(repeating: 0, count: rowCount * topK)
    for index in 0..<rowCount * topK {
      let expert = Int(assignment.experts[index])
      let slot = starts[expert]
      starts[expert] += 1
      rows[slot] = index / topK
      slots[index] = slot
    }
  }
}
