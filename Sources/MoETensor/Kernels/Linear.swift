import CKernels

/// What becomes of `v = x Wᵀ + bias` in a linear map.
public enum LinearEpilogue {
  /// `y = v`
  case none
  /// `y = gelu(v)`, with erf.
  case gelu
  /// `y = v + residual[n, j]`; the residual is `[N, F]` and may be `y` itself.
  case add(UnsafePointer<Float>, stride: Int? = nil)
  /// `y = fma(scales[n], v, y)`, one scale a row; without scales `y = y + v`.
  case scaledAdd(UnsafePointer<Float>?)
}

extension Kernels {
  /// Computes `y = epilogue(x Wᵀ + bias)`.
  ///
  /// ```
  /// a = 0;  for k in 0..<D { a = fma(x[n, k], W[j, k], a) }
  /// v = a + bias[j]
  /// ```
  ///
  /// A row of NaN or infinities changes its own outputs only.
  ///
  /// Shapes: `x` is `[N, D]`, `weight` `[F, D]`, `bias` `[F]`, `y` `[N, F]`.
  ///
  /// - Parameters:
  ///   - x: The inputs.
  ///   - rows: N.
  ///   - stride: Between rows of `x`; D when absent.
  ///   - weight: The packed weights.
  ///   - bias: One a output; nothing is added when absent.
  ///   - epilogue: What is done to each output before it is stored.
  ///   - y: The outputs.
  ///   - outputStride: Between rows of `y`; F when absent.
  ///   - panels: The panels of 32 outputs to compute; all when absent. `y` still points at output 0.
  public func linear(
    _ x: UnsafePointer<Float>, rows: Int, stride: Int? = nil, weight: PackedMatrix,
    bias: UnsafePointer<Float>? = nil, epilogue: LinearEpilogue = .none,
    into y: UnsafeMutablePointer<Float>, outputStride: Int? = nil, panels: Range<Int>? = nil
  ) {
    let panels = panels ?? 0..<weight.panelCount
    precondition(rows >= 0, "a linear map of \(rows) rows")
    precondition(
      panels.lowerBound >= 0 && panels.upperBound <= weight.panelCount,
      "panels \(panels) of a matrix with \(weight.panelCount)")
    let (kind, operand, operandStride) = Self.parts(of: epilogue, columns: weight.rows)
    var arguments = moe_linear_arguments(
      x: x, x_stride: stride ?? weight.columns, rows: rows, packed: weight.pointer,
      packed_number: weight.format.code,
      inputs: weight.columns, outputs: weight.rows, panel_first: panels.lowerBound,
      panel_last: panels.upperBound, bias: bias, epilogue: kind, operand: operand,
      operand_stride: operandStride, y: y, y_stride: outputStride ?? weight.rows)
    call { $0.linear(&arguments) }
  }

  /// Computes `y = epilogue(x Wᵀ + bias)`, the panels shared by a team of threads where there is one.
  ///
  /// - Parameters:
  ///   - x: `[N, D]`.
  ///   - rows: N.
  ///   - weight: The packed weights.
  ///   - bias: One an output; nothing is added when absent.
  ///   - epilogue: What is done to each output before it is stored.
  ///   - y: The outputs, `[N, F]`.
  ///   - team: Who shares the panels, if anybody does.
  public func linear(
    _ x: UnsafePointer<Float>, rows: Int, weight: PackedMatrix, bias: UnsafePointer<Float>? = nil,
    epilogue: LinearEpilogue = .none, into y: UnsafeMutablePointer<Float>, team: ThreadTeam?
  ) {
    team.share(weight.panelCount, partsEach: 1) { panels in
      linear(
        x, rows: rows, weight: weight, bias: bias, epilogue: epilogue, into: y, panels: panels)
    }
  }

  static func parts(
    of epilogue: LinearEpilogue, columns: Int
  ) -> (moe_epilogue, UnsafePointer<Float>?, Int) {
    switch epilogue {
    case .none: (MOE_EPILOGUE_NONE, nil, 0)
    case .gelu: (MOE_EPILOGUE_GELU, nil, 0)
    case .add(let residual, let stride): (MOE_EPILOGUE_ADD, residual, stride ?? columns)
    case .scaledAdd(let scales): (MOE_EPILOGUE_SCALED_ADD, scales, 0)
    }
  }
}
