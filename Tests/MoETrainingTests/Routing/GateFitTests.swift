import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETraining
import Testing

/// The fit of a gate's rows against its formulas in `Double`, one obvious loop each.
@Suite struct GateFitTests {
  private let texts = GaussianTexts(perClass: 12, distance: 1.5)
  private let width = GaussianTexts.width

  private func samples(_ groups: [[Float]]) throws -> GateSamples {
    GateSamples(
      groups.map { GateTexts(features: $0) }, labels: texts.labels, classCount: 3,
      fitter: try RowFitter(profile: texts.profile, kernels: Kernels()),
      pool: ThreadPool(threads: 1))
  }

  /// Own texts, some of the negatives, and the texts near the domain.
  private func samples() throws -> GateSamples {
    try samples([texts.own, Array(texts.profile.negatives.prefix(50 * width)), texts.near])
  }

  @Test func `the discriminant is that of the class means among the chosen texts`() throws {
    let samples = try samples()
    let chosen = samples.group.indices.filter { $0 % 5 != 2 }
    let rows = samples.discriminant(chosen)
    let twin = GateTwin(samples, chosen)
    for row in 0..<3 {
      #expect(abs(Double(rows.bias[row]) - twin.bias[row]) < 1e-5)
      for column in 0..<width {
        #expect(abs(Double(rows.weight[row * width + column]) - twin.means[row][column]) < 1e-6)
      }
    }
  }

  @Test(arguments: [0.0, 0.3, 1.0])
  func `loss and gradient are those of central differences`(_ size: Double) throws {
    let samples = try samples()
    // As in a fold: a fifth of the texts left out.
    let chosen = samples.group.indices.filter { $0 % 5 != 2 }
    let fit = GateFit(samples, texts: chosen, kernels: Kernels())
    let twin = GateTwin(samples, chosen)
    var generator = SeededGenerator(seed: 61)
    let point = (0..<width + 2).map { _ in size * generator.normal() }
    var gradient = point
    let loss = fit.loss(point, gradient: &gradient)
    // The scores are Float's.
    #expect(abs(loss - twin.loss(point)) < 1e-5 * max(1, loss))
    let expected = twin.gradient(point)
    let scale = expected.map(abs).max() ?? 0
    #expect(scale > 1e-3)
    for (index, (got, expected)) in zip(gradient, expected).enumerated() {
      #expect(abs(got - expected) < 1e-5 * scale, "\(index): \(got), expected \(expected)")
    }
  }

  @Test func `the rows are those of the minimum`() throws {
    let samples = try samples()
    let chosen = samples.group.indices.filter { $0 % 5 != 2 }
    let rows = GateFit(samples, texts: chosen, kernels: Kernels()).rows()
    let twin = GateTwin(samples, chosen)
    let point = twin.minimum()
    #expect((twin.gradient(point).map(abs).max() ?? 1) < 1e-7, "the twin has found it")
    #expect(twin.loss(point) < 0.9 * twin.loss([Double](repeating: 0, count: width + 2)))
    let expected = twin.rows(point)
    var greatest = 0.0
    for row in 0..<3 {
      greatest = max(greatest, abs(Double(rows.bias[row]) - expected.bias[row]))
      for column in 0..<width {
        greatest = max(
          greatest,
          abs(Double(rows.weight[row * width + column]) - expected.weight[row][column]))
      }
    }
    // A gradient of Float's rounding, 1e-6, over the least curvature, the penalty's 0.02.
    #expect(greatest < 1e-3, "\(greatest)")
    print("rows of the gate: greatest difference to the twin's \(greatest)")
  }

  @Test func `without negatives the rows are the discriminant`() throws {
    let samples = try samples([texts.own])
    let all = Array(samples.group.indices)
    let rows = GateFit(samples, texts: all, kernels: Kernels()).rows()
    let discriminant = samples.discriminant(all)
    #expect(rows.weight == discriminant.weight && rows.bias == discriminant.bias)
  }

  @Test func `a class without texts has the row of the background, which scores 0`() throws {
    let samples = try samples([texts.own])
    let rows = samples.discriminant(samples.group.indices.filter { samples.labels[$0] != 1 })
    #expect(rows.weight[width..<2 * width].allSatisfy { $0 == 0 } && rows.bias[1] == 0)
    #expect(rows.bias[0] < 0 && rows.bias[2] < 0)
  }
}

/// The logistic regression of a gate, in `Double`.
private struct GateTwin {
  private let x: [[Double]]
  private let group: [Int]
  /// The class of each own text.
  private let label: [Int]
  /// m̃, by class.
  private(set) var means: [[Double]]
  /// −½ ‖m̃‖², by class.
  var bias: [Double] { means.map { -0.5 * Self.dot($0, $0) } }

  init(_ samples: GateSamples, _ chosen: [Int]) {
    let width = GaussianTexts.width
    x = chosen.map { text in
      samples.whitened[text * width..<(text + 1) * width].map(Double.init)
    }
    group = chosen.map { samples.group[$0] }
    label = chosen.map { samples.group[$0] == 0 ? samples.labels[$0] : -1 }
    let all = Array(chosen.indices)
    (means, classMean) = ([], [])
    means = (0..<3).map { mean(of: $0, among: all) }
    // The mean of each own text's class among the other texts.
    classMean = all.map { text in
      label[text] < 0 ? [] : mean(of: label[text], among: all.filter { $0 != text })
    }
  }

  /// By own text: the mean of its class without it.
  private var classMean: [[Double]]

  private func mean(of wanted: Int, among texts: [Int]) -> [Double] {
    let texts = texts.filter { label[$0] == wanted }.map { x[$0] }
    return (0..<GaussianTexts.width).map { column in
      texts.reduce(0) { $0 + $1[column] } / Double(texts.count)
    }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// ũ, v and log a at the end of one another.
  func rows(_ point: [Double]) -> (weight: [[Double]], bias: [Double]) {
    let width = point.count - 2
    let scale = exp(point[width + 1])
    return (
      means.map { mean in zip(mean, point).map { scale * $0 + $1 } },
      bias.map { scale * $0 + point[width] }
    )
  }

  func loss(_ point: [Double]) -> Double {
    let (weight, bias) = rows(point)
    let scale = exp(point[point.count - 1])
    let shared = Array(point.dropLast(2))
    var sums: [Int: Double] = [:]
    var counts: [Int: Double] = [:]
    for (text, (x, group)) in zip(x, group).enumerated() {
      let likelihood =
        bias.indices.reduce(0) { sum, row in
          guard row == label[text] else { return sum + exp(Self.dot(weight[row], x) + bias[row]) }
          let m = classMean[text]
          let discriminant = scale * (Self.dot(m, x) - 0.5 * Self.dot(m, m))
          return sum + exp(discriminant + Self.dot(shared, x) + point[point.count - 2])
        } / Double(bias.count)
      // log(1 + e^−logit) of own texts, log(1 + e^logit) of negatives.
      sums[group, default: 0] += log(1 + (group == 0 ? 1 / likelihood : likelihood))
      counts[group, default: 0] += 1
    }
    let others = sums.keys.filter { $0 > 0 }.sorted()
    return 0.5 * (sums[0] ?? 0) / (counts[0] ?? 1)
      + others.reduce(0) { $0 + 0.5 / Double(others.count) * (sums[$1] ?? 0) / (counts[$1] ?? 1) }
      + 0.5 * RowFitter.penalty * Self.dot(shared, shared)
  }

  func gradient(_ point: [Double]) -> [Double] {
    point.indices.map { index in
      var moved = point
      // In Double a step of 1e-5 leaves the difference quotient right to about 1e-10.
      moved[index] = point[index] + 1e-5
      let above = loss(moved)
      moved[index] = point[index] - 1e-5
      return (above - loss(moved)) / 2e-5
    }
  }

  /// Newton's method, damped until the loss falls.
  func minimum() -> [Double] {
    let size = GaussianTexts.width + 2
    var point = [Double](repeating: 0, count: size)
    for _ in 0..<30 {
      let gradient = gradient(point)
      guard (gradient.map(abs).max() ?? 0) > 1e-9 else { break }
      var curvature = [Double](repeating: 0, count: size * size)
      for row in 0..<size {
        var moved = point
        moved[row] += 1e-4
        let above = self.gradient(moved)
        moved[row] -= 2e-4
        let below = self.gradient(moved)
        for column in 0..<size {
          curvature[row * size + column] = (above[column] - below[column]) / 2e-4
        }
      }
      let current = loss(point)
      var damping = 0.0
      while damping < 1e6 {
        var damped = curvature
        for index in 0..<size { damped[index * size + index] += damping }
        let step = GaussianTexts.solve(damped, gradient)
        let next = zip(point, step).map { $0 - $1 }
        if loss(next) < current {
          point = next
          break
        }
        damping = damping == 0 ? 1e-3 : damping * 10
      }
      if damping >= 1e6 { break }
    }
    return point
  }
}
