import Foundation
import MoEBase
import MoETensor
import MoETraining
import Testing

@Suite struct FrozenHeadTests {
  private let width = 6

  private func texts(_ count: Int, labels: Int, noise: Double) -> (z: [Float], labels: [Int]) {
    var generator = SeededGenerator(seed: 51)
    let chosen = (0..<count).map { $0 % labels }
    return (
      chosen.flatMap { label in
        (0..<width).map { Float(($0 == label ? 1.0 : 0) + noise * generator.normal()) }
      }, chosen
    )
  }

  @Test func `separable classes are all told apart`() throws {
    let (z, labels) = texts(60, labels: 4, noise: 0.05)
    let head = FrozenHead(
      fitting: z, labels: labels, labelCount: 4, backward: try BackwardKernels())
    let result = head.evaluate(z, labels: labels, kernels: Kernels())
    #expect(result.correct == 60)
    #expect(result.loss < 60 * 0.2)
  }

  @Test func `the preferred candidate within one standard error of the best is taken`() {
    // Of 100 texts at 0.9 the standard error is 0.03.
    for (accuracies, index) in [
      ([0.5, 0.88, 0.9], 1), ([0.871, 0.88, 0.9], 0), ([0.869, 0.5, 0.9], 2), ([0.9], 0),
      ([0, 0, 0], 0), ([0.99, 1], 1), ([], 0),
    ] {
      #expect(
        FrozenHead.firstWithinOneStandardError(accuracies, count: 100) == index, "\(accuracies)")
    }
  }

  @Test(arguments: [FrozenHead.inversePenalty, 0.1])
  func `the fit is a stationary point of the penalised loss`(_ inversePenalty: Double) throws {
    let (z, labels) = texts(90, labels: 3, noise: 0.7)
    let head = FrozenHead(
      fitting: z, labels: labels, labelCount: 3, inversePenalty: inversePenalty,
      backward: try BackwardKernels())
    var slopes = head.weight.map { Double($0) / (inversePenalty * 90) }
    var biasSlopes = [0.0, 0, 0]
    for (text, label) in labels.enumerated() {
      let x = z[text * width..<(text + 1) * width].map(Double.init)
      let logits = (0..<3).map { row in
        Double(head.bias[row])
          + x.indices.reduce(0) { $0 + x[$1] * Double(head.weight[row * width + $1]) }
      }
      let total = logits.reduce(0) { $0 + exp($1) }
      for row in 0..<3 {
        let error = (exp(logits[row]) / total - (row == label ? 1 : 0)) / 90
        biasSlopes[row] += error
        for column in 0..<width { slopes[row * width + column] += error * x[column] }
      }
    }
    // The gradients that the fit follows are Float's.
    for slope in slopes + biasSlopes { #expect(abs(slope) < 1e-4) }
  }

  @Test func `one label needs no weights and is always right`() throws {
    let (z, _) = texts(10, labels: 2, noise: 1)
    let labels = [Int](repeating: 0, count: 10)
    let head = FrozenHead(
      fitting: z, labels: labels, labelCount: 1, backward: try BackwardKernels())
    #expect(head.weight == [Float](repeating: 0, count: width))
    let result = head.evaluate(z, labels: labels, kernels: Kernels())
    #expect(result.correct == 10 && result.loss == 0)
  }
}
