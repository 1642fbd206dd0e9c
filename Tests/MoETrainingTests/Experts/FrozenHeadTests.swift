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
      fitting: z, targets: .one(labels), labelCount: 4, backward: try BackwardKernels())
    let result = head.evaluate(z, targets: .one(labels), kernels: Kernels())
    #expect(result.score == 1)
    #expect(result.loss < 0.2)
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
      fitting: z, targets: .one(labels), labelCount: 3, inversePenalty: inversePenalty,
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
      fitting: z, targets: .one(labels), labelCount: 1, backward: try BackwardKernels())
    #expect(head.weight == [Float](repeating: 0, count: width))
    let result = head.evaluate(z, targets: .one(labels), kernels: Kernels())
    #expect(result.score == 1 && result.loss == 0)
  }

  @Test func `one label against the rest is fitted by itself, whatever the others are`() throws {
    let (z, labels) = texts(90, labels: 3, noise: 0.7)
    // The second label stands on every text of the first too.
    let tags = labels.map { $0 == 0 ? [0, 1] : $0 == 1 ? [1] : [] }
    let backward = try BackwardKernels()
    let both = FrozenHead(fitting: z, targets: .each(tags), labelCount: 2, backward: backward)
    for label in 0..<2 {
      let alone = FrozenHead(
        fitting: z, targets: .each(tags.map { $0.contains(label) ? [0] : [] }), labelCount: 1,
        backward: backward)
      let own = Array(both.weight[label * width..<(label + 1) * width])
      // Both are the minimum of one convex function, reached in steps of their own.
      for (left, right) in zip(own + [both.bias[label]], alone.weight + alone.bias) {
        #expect(abs(left - right) < 2e-2)
      }
      // The slope of the penalised binary cross-entropy is zero there.
      var slopes = own.map { Double($0) / (FrozenHead.inversePenalty * 90) }
      for (text, tags) in tags.enumerated() {
        let x = z[text * width..<(text + 1) * width].map(Double.init)
        let logit = zip(x, own).reduce(Double(both.bias[label])) { $0 + $1.0 * Double($1.1) }
        let error = (1 / (1 + exp(-logit)) - (tags.contains(label) ? 1 : 0)) / 90
        for column in 0..<width { slopes[column] += error * x[column] }
      }
      for slope in slopes { #expect(abs(slope) < 1e-4) }
    }
  }
}
