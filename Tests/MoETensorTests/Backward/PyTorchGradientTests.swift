import Foundation
import MoEBase
import MoETensor
import Testing

/// Results and gradients against those that PyTorch gave, recorded by `tools/reference/gradients.py`.
@Suite struct PyTorchGradientTests {
  private let passes: Passes
  private let document: JSONValue
  /// Float's rounding over sums of up to 37 terms, relative to the greatest element.
  private let tolerance = 2e-6

  init() throws {
    passes = try Passes()
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Reference/gradients.json")
    document = try JSONValue(parsing: Array(Data(contentsOf: file)))
  }

  /// One recorded tensor of a case.
  private func tensor(_ name: String, of caseName: String) throws -> [Float] {
    var reader = try JSONReader(document)
    var entry = try reader.object(caseName)
    var tensor = try entry.object(name)
    return try tensor.array("values").map { value in
      switch value {
      case .number(let number): Float(number)
      case .integer(let number): Float(number)
      default: throw JSONSchemaError(path: name, expected: "a number", got: value.kind)
      }
    }
  }

  private func expect(
    _ got: [Float], is name: String, of caseName: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try tensor(name, of: caseName).map(Double.init)
    let difference = relativeDifference(got, expected)
    #expect(difference < tolerance, "\(name): \(difference)", sourceLocation: sourceLocation)
  }

  @Test func `linear`() throws {
    let name = "linear"
    let pass = passes.linear(
      try tensor("x", of: name), rows: 5, try tensor("weight", of: name),
      try tensor("bias", of: name), dy: try tensor("dy", of: name))
    try expect(pass.y, is: "y", of: name)
    try expect(pass.dx, is: "dx", of: name)
    try expect(pass.dWeight, is: "dweight", of: name)
    try expect(pass.dBias, is: "dbias", of: name)
  }

  @Test func `gelu`() throws {
    let pass = passes.gelu(try tensor("x", of: "gelu"), dy: try tensor("dy", of: "gelu"))
    try expect(pass.y, is: "y", of: "gelu")
    try expect(pass.dx, is: "dx", of: "gelu")
  }

  @Test func `layer norm`() throws {
    let name = "layer_norm"
    let pass = passes.layerNorm(
      try tensor("x", of: name), gain: try tensor("gain", of: name),
      bias: try tensor("bias", of: name), epsilon: 1e-5, dy: try tensor("dy", of: name))
    try expect(pass.y, is: "y", of: name)
    try expect(pass.dx, is: "dx", of: name)
    try expect(pass.dGain, is: "dgain", of: name)
    try expect(pass.dBias, is: "dbias", of: name)
  }

  @Test func `softmax`() throws {
    let name = "softmax"
    let pass = passes.softmax(
      try tensor("x", of: name), columns: 23, dy: try tensor("dy", of: name))
    try expect(pass.y, is: "y", of: name)
    try expect(pass.dx, is: "dx", of: name)
  }

  @Test func `attention`() throws {
    let name = "attention"
    let pass = passes.attention(
      try tensor("x", of: name), tokens: 11, heads: 3, width: 32, dy: try tensor("dy", of: name))
    try expect(pass.y, is: "y", of: name)
    try expect(pass.dx, is: "dx", of: name)
  }

  @Test func `mean over tokens`() throws {
    let name = "mean_pool"
    let pass = passes.meanPool(
      try tensor("x", of: name), columns: 21, dy: try tensor("dy", of: name))
    try expect(pass.y, is: "y", of: name)
    try expect(pass.dx, is: "dx", of: name)
  }

  @Test func `L2 normalisation`() throws {
    let name = "l2_normalize"
    let pass = passes.l2Normalize(
      try tensor("x", of: name), columns: 45, dy: try tensor("dy", of: name))
    try expect(pass.y, is: "y", of: name)
    try expect(pass.dx, is: "dx", of: name)
  }

  @Test func `cross-entropy`() throws {
    let name = "cross_entropy"
    let x = try tensor("x", of: name)
    let labels = [0, 8, 3, 3, 5, 1]
    var loss = 0.0
    let dx = output(x.count) {
      loss = Kernels().crossEntropy(
        x, columns: 9, labels: labels, scale: 1 / Float(labels.count), dLogits: $0)
    }
    try expect([Float(loss / Double(labels.count))], is: "y", of: name)
    try expect(dx, is: "dx", of: name)
  }
}
