import Foundation
import MoETensor
import SafeTensors

/// A tensor that is about to be written, its numbers fetched when it is its turn.
struct PlannedTensor {
  /// Its name in the file.
  let name: String
  /// How its numbers are written.
  let format: NumberFormat
  let shape: [Int]
  /// Hands its bytes over, in order, piece by piece.
  let write: (_ take: ([UInt8]) throws -> Void) throws -> Void

  /// The bytes it takes.
  var byteCount: Int { shape.reduce(format.byteCount, *) }

  /// The numbers of `Float` that are handed over as they are.
  static func floats(
    _ name: String, shape: [Int], _ values: @escaping () throws -> [Float]
  ) -> PlannedTensor {
    PlannedTensor(name: name, format: .f32, shape: shape) { take in
      let values = try values()
      precondition(values.count == shape.reduce(1, *), "`\(name)` of another shape")
      try take(values.withUnsafeBytes { Array($0) })
    }
  }
}

extension SafeTensorsStream {
  /// Writes a whole file of planned tensors.
  ///
  /// - Parameters:
  ///   - tensors: The tensors, in the order of the file.
  ///   - url: The new file.
  ///   - metadata: The pairs of `__metadata__`.
  ///   - progress: Told the bytes written of each piece.
  /// - Throws: `CocoaError`, or what fetching a tensor throws.
  static func write(
    _ tensors: [PlannedTensor], to url: URL, metadata: [(key: String, value: String)] = [],
    progress: ((Int) -> Void)? = nil
  ) throws {
    let stream = try SafeTensorsStream(
      url: url, tensors: tensors.map { Entry($0.name, DType($0.format), shape: $0.shape) },
      metadata: metadata)
    for tensor in tensors {
      try tensor.write { bytes in
        try bytes.withUnsafeBytes { try stream.write($0) }
        progress?(bytes.count)
      }
    }
    try stream.finish()
  }
}
