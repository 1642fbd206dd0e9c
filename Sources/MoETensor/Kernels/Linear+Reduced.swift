import CKernels
public import MoEBase

/// Rows of inputs in reduced precision: scratch of one worker, made for a linear map and read by it.
public final class ReducedRows {
  private let values = AlignedBuffer(count: 0)
  private let scales = AlignedBuffer(count: 0)
  private let lows = AlignedBuffer(count: 0)

  /// Makes empty buffers.
  public init() {}

  /// Rounds rows.
  ///
  /// ```
  /// bf16   x' = x rounded to bf16, ties to even; magnitudes under 2⁻¹²⁶ become 0
  /// int8   l_n = min_k x_nk,  r_n = max_k x_nk − l_n,  s_n = r_n / 255
  ///        q_nk = (x_nk − l_n) · (255 / r_n) rounded to a whole number, ties to even, within 0 … 255
  /// ```
  ///
  /// - Parameters:
  ///   - x: `[N, D]`.
  ///   - rows: N.
  ///   - stride: Between rows of `x`; D when absent.
  ///   - columns: D.
  ///   - precision: What to round to.
  ///   - kernels: The kernels to run on.
  public func assign(
    _ x: UnsafePointer<Float>, rows: Int, stride: Int? = nil, columns: Int, precision: Precision,
    kernels: Kernels
  ) {
    switch precision {
    case .f32: preconditionFailure("f32 is no reduced precision")
    case .bf16:
      let width = (columns + 1) / 2
      let target = values.reserve(rows * width)
      target.withMemoryRebound(to: UInt16.self, capacity: 2 * rows * width) { target in
        kernels.call { $0.narrow(x, stride ?? columns, rows, columns, target) }
      }
    case .int8:
      let width = (columns + 3) / 4
      let target = values.reserve(rows * width)
      let scales = scales.reserve(rows)
      let lows = lows.reserve(rows)
      target.withMemoryRebound(to: UInt8.self, capacity: 4 * rows * width) { target in
        kernels.call { $0.quantize(x, stride ?? columns, rows, columns, target, scales, lows) }
      }
    }
  }

  fileprivate var pointers:
    (rows: UnsafeRawPointer, scales: UnsafePointer<Float>, lows: UnsafePointer<Float>)
  {
    (UnsafeRawPointer(values.pointer), UnsafePointer(scales.pointer), UnsafePointer(lows.pointer))
  }
}

extension Kernels {
  /// Computes `y = epilogue(x Wᵀ + bias)` in reduced precision, from rows that were rounded.
  ///
  /// ```
  /// bf16   a = 0;  for pairs of inputs, ascending:  a = fma(x'₁, w'₁, a);  a = fma(x'₀, w'₀, a)
  ///        (a result under 2⁻¹²⁶ becomes 0);  v = a + bias[j]
  /// int8   v = fma(Σ_k q_nk q_jk, s_n · s_j, l_n · (s_j · Σ_k q_jk)) + bias[j],  the sums in whole numbers
  /// ```
  ///
  /// bf16 is what the dot product of AVX512-BF16 does; int8 what that of VNNI does.
  ///
  /// - Parameters:
  ///   - x: What ``ReducedRows/assign(_:rows:stride:columns:precision:kernels:)`` made of the inputs for this precision.
  ///   - rows: N.
  ///   - weight: The packed weights.
  ///   - bias: One an output; nothing is added when absent.
  ///   - epilogue: What is done to each output before it is stored.
  ///   - y: The outputs, `[N, F]`.
  ///   - panels: The panels of 32 outputs to compute; all when absent. `y` still points at output 0.
  public func linear(
    _ x: ReducedRows, rows: Int, weight: ReducedMatrix, bias: UnsafePointer<Float>? = nil,
    epilogue: LinearEpilogue = .none, into y: UnsafeMutablePointer<Float>,
    panels: Range<Int>? = nil
  ) {
    guard let precision = weight.precision.code else { return }
    let panels = panels ?? 0..<weight.panelCount
    precondition(rows >= 0, "a linear map of \(rows) rows")
    precondition(
      panels.lowerBound >= 0 && panels.upperBound <= weight.panelCount,
      "panels \(panels) of a matrix with \(weight.panelCount)")
    let (kind, operand, operandStride) = Self.parts(of: epilogue, columns: weight.rows)
    let input = x.pointers
    var arguments = moe_reduced_arguments(
      map: moe_linear_arguments(
        x: input.scales, x_stride: 0, rows: rows, packed: weight.panels, packed_number: MOE_F32,
        inputs: weight.columns, outputs: weight.rows, panel_first: panels.lowerBound,
        panel_last: panels.upperBound, bias: bias, epilogue: kind, operand: operand,
        operand_stride: operandStride, y: y, y_stride: weight.rows),
      precision: precision, rows: input.rows, scales: input.scales, lows: input.lows,
      output_scales: weight.scales, output_sums: weight.sums)
    call { $0.linear_reduced(&arguments) }
  }

  /// Computes `y = epilogue(x Wᵀ + bias)` in the precision of the weights.
  ///
  /// - Parameters:
  ///   - x: `[N, D]`.
  ///   - rows: N.
  ///   - weight: The packed weights.
  ///   - bias: One an output; nothing is added when absent.
  ///   - epilogue: What is done to each output before it is stored.
  ///   - y: The outputs, `[N, F]`.
  ///   - scratch: Where rounded rows go, if any are.
  ///   - team: Who shares the panels, if anybody does.
  public func linear(
    _ x: UnsafePointer<Float>, rows: Int, weight: WeightMatrix, bias: UnsafePointer<Float>? = nil,
    epilogue: LinearEpilogue = .none, into y: UnsafeMutablePointer<Float>, scratch: ReducedRows,
    team: ThreadTeam? = nil
  ) {
    switch weight {
    case .full(let matrix):
      linear(x, rows: rows, weight: matrix, bias: bias, epilogue: epilogue, into: y, team: team)
    case .reduced(let matrix):
      scratch.assign(
        x, rows: rows, columns: matrix.columns, precision: matrix.precision, kernels: self)
      team.share(matrix.panelCount, partsEach: 1) { panels in
        linear(
          scratch, rows: rows, weight: matrix, bias: bias, epilogue: epilogue, into: y,
          panels: panels)
      }
    }
  }
}
