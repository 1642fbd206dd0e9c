import MoEBase
import MoETensor

/// Numbers from the normal distribution, the same for the same seed.
func samples(_ count: Int, seed: UInt64, scale: Double = 1) -> [Float] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Float(generator.normal() * scale) }
}

/// The bits of each element, every NaN alike.
func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern } }

/// The kernels of every path this CPU has.
let everyPath = KernelPath.supported.map { Kernels(path: $0) }

/// The kernels that all others are compared with.
let portable = Kernels(path: .portable)

/// The greatest absolute difference; NaN where one of the two is NaN.
func greatestDifference(_ left: [Float], _ right: [Float]) -> Float {
  var greatest: Float = left.count == right.count ? 0 : .infinity
  for (a, b) in zip(left, right) where !(abs(a - b) <= greatest) { greatest = abs(a - b) }
  return greatest
}

/// Runs a kernel that writes `count` floats.
func output(
  _ count: Int, filledWith value: Float = 0, _ body: (UnsafeMutablePointer<Float>) -> Void
)
  -> [Float]
{
  let buffer = AlignedBuffer(count: count)
  for index in 0..<count { buffer.pointer[index] = value }
  body(buffer.pointer)
  return (0..<count).map { buffer.pointer[$0] }
}
