import MoEBase
import MoETensor

/// The plain loops of linear maps in reduced precision, one number after the other.
struct NaiveReduced {
  let precision: Precision

  init(_ precision: Precision) { self.precision = precision }

  func linear(
    _ x: [Float], rows: Int, _ weight: [Float], outputs: Int, inputs: Int, bias: [Float]?
  ) -> [Float] {
    var y: [Float] = []
    for n in 0..<rows {
      let row = Array(x[n * inputs..<(n + 1) * inputs])
      for j in 0..<outputs {
        let weights = Array(weight[j * inputs..<(j + 1) * inputs])
        var value = precision == .int8 ? Self.bytes(row, weights) : Self.pairs(row, weights)
        if let bias { value += bias[j] }
        y.append(value)
      }
    }
    return y
  }

  /// Numbers under 2⁻¹²⁶ become zeros of their sign.
  private static func flushed(_ value: Float) -> Float {
    abs(value) < Float.leastNormalMagnitude
      ? Float(sign: value.sign, exponent: 0, significand: 0) : value
  }

  /// The bf16 next to a finite number, ties to even.
  private static func nearest(_ value: Float) -> Float {
    let bits = flushed(value).bitPattern
    let low = bits & 0xFFFF
    var high = bits >> 16
    if low > 0x8000 || (low == 0x8000 && high & 1 == 1) { high += 1 }
    return Float(bitPattern: high << 16)
  }

  private static func pairs(_ x: [Float], _ w: [Float]) -> Float {
    var sum: Float = 0
    for k in stride(from: 0, to: x.count, by: 2) {
      let isWhole = k + 1 < x.count
      sum = flushed(
        sum.addingProduct(isWhole ? nearest(x[k + 1]) : 0, isWhole ? nearest(w[k + 1]) : 0))
      sum = flushed(sum.addingProduct(nearest(x[k]), nearest(w[k])))
    }
    return sum
  }

  private static func bytes(_ x: [Float], _ w: [Float]) -> Float {
    let low = x.min() ?? 0
    let range = (x.max() ?? 0) - low
    let factor = range > 0 ? 255 / range : 0
    let greatest = w.map { abs($0) }.max() ?? 0
    let weightFactor = greatest > 0 ? 127 / greatest : 0
    var sum = 0
    var weightSum = 0
    for (value, weight) in zip(x, w) {
      let q = Int(max(0, min(255, (value - low) * factor)).rounded(.toNearestOrEven))
      let p = Int((weight * weightFactor).rounded(.toNearestOrEven))
      sum += q * p
      weightSum += p
    }
    let scale = range * (1.0 / 255.0) * (greatest * (1.0 / 127.0))
    let offset = low * (greatest * (1.0 / 127.0) * Float(weightSum))
    return offset.addingProduct(Float(sum), scale)
  }
}
