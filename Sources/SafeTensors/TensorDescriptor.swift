/// What a file's header says of one tensor; every number in it has been checked against the file.
public struct TensorDescriptor: Sendable, Equatable {
  /// Its name: 1 to 256 bytes of printable ASCII.
  public let name: String
  /// Its element type.
  public let dtype: DType
  /// Its shape, row-major; empty for a scalar.
  public let shape: [Int]
  /// Where its bytes lie, counted from the start of the data.
  public let range: Range<Int>
  /// How many elements it has: the product of its shape.
  public let elementCount: Int
}

/// A tensor that a file is expected to hold: what a manifest or a model says before the file is opened.
public struct ExpectedTensor: Sendable, Equatable {
  /// Its name.
  public let name: String
  /// Its element type.
  public let dtype: DType
  /// Its shape.
  public let shape: [Int]

  /// Makes the expectation.
  public init(_ name: String, _ dtype: DType, _ shape: [Int]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
  }
}

extension SafeTensorsFile {
  /// Checks that the file holds exactly the expected tensors, each with its type and shape.
  ///
  /// A tensor that does not map is an error, never skipped. Names are compared as bytes.
  ///
  /// - Throws: ``SafeTensorsError`` naming the first tensor, in byte order of names, that is missing,
  ///   not expected, or different.
  public func check(_ expected: [ExpectedTensor]) throws(SafeTensorsError) {
    let wanted = expected.sorted { precedes($0.name, $1.name) }
    var index = 0
    for tensor in tensors {
      if index < wanted.count, precedes(wanted[index].name, tensor.name) {
        throw SafeTensorsError(name, .missingTensor(name: wanted[index].name))
      }
      guard index < wanted.count, wanted[index].name.utf8.elementsEqual(tensor.name.utf8) else {
        throw SafeTensorsError(name, .extraTensor(name: tensor.name))
      }
      let want = wanted[index]
      guard want.dtype == tensor.dtype, want.shape == tensor.shape else {
        throw SafeTensorsError(
          name,
          .differentTensor(
            name: tensor.name, expected: spelling(want.dtype, want.shape),
            got: spelling(tensor.dtype, tensor.shape)))
      }
      index += 1
    }
    if index < wanted.count {
      throw SafeTensorsError(name, .missingTensor(name: wanted[index].name))
    }
  }
}

/// A type and a shape as error sentences spell them: `F32 [4, 384]`.
func spelling(_ dtype: DType, _ shape: [Int]) -> String { "\(dtype.rawValue) \(shape)" }

/// Whether one name comes before another in the order of their UTF-8 bytes.
func precedes(_ left: String, _ right: String) -> Bool {
  left.utf8.lexicographicallyPrecedes(right.utf8)
}
