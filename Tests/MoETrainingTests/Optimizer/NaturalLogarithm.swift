import Foundation

/// The system's logarithm: what tests compare with must not come from the code under test.
func naturalLogarithm(_ x: Double) -> Double { log(x) }
