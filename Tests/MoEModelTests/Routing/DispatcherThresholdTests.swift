import MoEModel
import Testing

@Suite struct DispatcherThresholdTests {
  @Test func `every threshold between 0 and 1 gives a finite shift, falling`() {
    let thresholds: [Double] = [.leastNonzeroMagnitude, 1e-300, 0.001, 0.5, 0.999, 1.0.nextDown]
    let shifts = thresholds.map { Dispatcher(threshold: $0).shift }
    let areFinite = shifts.allSatisfy(\.isFinite)
    #expect(areFinite)
    #expect(shifts == shifts.sorted(by: >) && Set(shifts).count == shifts.count)
    #expect(Dispatcher(threshold: 0.5).shift == 0)
  }
}
