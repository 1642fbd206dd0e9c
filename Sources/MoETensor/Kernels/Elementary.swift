import CKernels

/// Elementary functions of `Double` with the same bits on every machine; the C library's differ.
public enum Elementary {
  /// The exponential function, within 1 ulp.
  public static func exp(_ x: Double) -> Double { moe_exp_double(x) }

  /// The natural logarithm, within 1 ulp; NaN under 0.
  public static func log(_ x: Double) -> Double { moe_log_double(x) }

  /// Sine and cosine, within 1e-15 or so, for `|x| < 2²⁵`.
  public static func sineCosine(_ x: Double) -> (sine: Double, cosine: Double) {
    var sine = 0.0
    var cosine = 0.0
    moe_sine_cosine(x, &sine, &cosine)
    return (sine, cosine)
  }

  /// The logistic function `1 / (1 + exp(−x))`, without overflow.
  public static func sigmoid(_ x: Double) -> Double {
    guard x < 0 else { return 1 / (1 + exp(-x)) }
    let power = exp(x)
    return power / (1 + power)
  }

  /// `log Σ exp(x)`, the sum in the order given; `−∞` of nothing.
  public static func logSumExp(_ x: [Double]) -> Double {
    guard let greatest = x.max(), greatest.isFinite else { return x.max() ?? -.infinity }
    return greatest + log(x.reduce(0) { $0 + exp($1 - greatest) })
  }
}
