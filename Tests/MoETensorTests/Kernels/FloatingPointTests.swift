import Foundation
import MoETensor
import Testing

#if os(Linux) && arch(x86_64)
  @Suite struct FloatingPointTests {
    /// Runs `body` on a thread that flushes denormals to zero and rounds upwards.
    private func withOddFloatingPoint(_ body: () -> Void) -> UInt32 {
      var saved = fenv_t()
      fegetenv(&saved)
      var odd = saved
      odd.__mxcsr |= 0x8040 | 0x4000
      fesetenv(&odd)
      body()
      var after = fenv_t()
      fegetenv(&after)
      fesetenv(&saved)
      return after.__mxcsr & 0xFFC0
    }

    @Test
    func `kernels give their bits whatever the thread's control says, and leave it as it was`() {
      let tiny = Float.leastNonzeroMagnitude
      let x = samples(64, seed: 1) + [Float](repeating: tiny * 5, count: 64)
      let packed = PackedMatrix(rows: 3, columns: 128, values: samples(384, seed: 2))
      for kernels in everyPath {
        func run() -> [Float] {
          output(3) { kernels.linear(x, rows: 1, weight: packed, into: $0) }
            + output(128) { kernels.exp(x, count: 128, into: $0) }
            + [kernels.sum(Array(x[64...]), count: 64)]
        }
        let expected = run()
        #expect(expected.last == tiny * 320)
        var got: [Float] = []
        let control = withOddFloatingPoint { got = run() }
        #expect(bits(got) == bits(expected))
        #expect(control == 0x1F80 | 0xC040)
      }
    }

    @Test func `every thread of a pool computes with denormals, rounding to nearest`() {
      let pool = ThreadPool(threads: 3)
      let tiny = [Float.leastNonzeroMagnitude, 1, 0x1p-24]
      var sums = [Float](repeating: 0, count: 64)
      var roundings = [Float](repeating: 0, count: 64)
      _ = withOddFloatingPoint {
        sums.withUnsafeMutableBufferPointer { sums in
          roundings.withUnsafeMutableBufferPointer { roundings in
            let (sums, roundings) = (sums, roundings)
            pool.run(count: 64) { task, _ in
              sums[task] = tiny[0] + tiny[0]
              roundings[task] = tiny[1] + tiny[2]
            }
          }
        }
      }
      #expect(sums.allSatisfy { $0 == 2 * Float.leastNonzeroMagnitude })
      #expect(roundings.allSatisfy { $0 == 1 })
    }
  }
#endif
