/// The header of a safetensors file, read strictly.
///
/// ```
/// {"__metadata__": {"key": "text", …}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
/// ```
///
/// What is accepted is a subset of what the safetensors library accepts, and means the same: no key
/// twice (after unescaping, as bytes), no key but these three, whole numbers only, names of printable
/// ASCII, a known type, and tensors that fill the data without hole, overlap or tail.
struct SafeTensorsHeader {
  private(set) var metadata: [MetadataEntry] = []
  private(set) var tensors: [TensorDescriptor] = []

  private let limits: SafeTensorsLimits
  private let dataBytes: Int
  private var scanner: HeaderScanner

  /// Reads `bytes`, the header without its length, of a file with `dataBytes` bytes after it.
  init(
    parsing bytes: UnsafeRawBufferPointer, dataBytes: Int, file: String, limits: SafeTensorsLimits
  ) throws(SafeTensorsError) {
    self.limits = limits
    self.dataBytes = dataBytes
    scanner = HeaderScanner(bytes: bytes, file: file)
    guard scanner.current == UInt8(ascii: "{") else { throw scanner.fault("expected `{`") }
    try readMembers()
    guard scanner.current == nil else { throw scanner.fault("unexpected text after the header") }
    try checkLayout()
    tensors.sort { precedes($0.name, $1.name) }
  }

  private mutating func readMembers() throws(SafeTensorsError) {
    var seen: Set<[UInt8]> = []
    try scanner.expect("{")
    if try scanner.accept("}") { return }
    repeat {
      let start = scanner.position
      let key = try scanner.string()
      guard seen.insert(Array(key.utf8)).inserted else {
        throw scanner.fault("the same name twice", at: start)
      }
      try scanner.expect(":")
      if key.utf8.elementsEqual("__metadata__".utf8) {
        try readMetadata()
      } else {
        try checkName(key, at: start)
        guard tensors.count < limits.tensors else {
          throw scanner.fault("more than \(limits.tensors) tensors", at: start)
        }
        tensors.append(try readTensor(key))
      }
    } while try scanner.hasAnother(until: "}")
  }

  private func checkName(_ name: String, at start: Int) throws(SafeTensorsError) {
    guard (1...limits.nameBytes).contains(name.utf8.count),
      name.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else {
      throw scanner.fault(
        "a tensor's name has 1 to \(limits.nameBytes) bytes, all of them printable ASCII", at: start
      )
    }
  }

  private mutating func readMetadata() throws(SafeTensorsError) {
    var seen: Set<[UInt8]> = []
    try scanner.expect("{")
    if try scanner.accept("}") { return }
    repeat {
      let start = scanner.position
      let key = try scanner.string()
      guard seen.insert(Array(key.utf8)).inserted else {
        throw scanner.fault("the same key twice in `__metadata__`", at: start)
      }
      try scanner.expect(":")
      metadata.append(MetadataEntry(key: key, value: try scanner.string()))
    } while try scanner.hasAnother(until: "}")
  }

  private mutating func readTensor(_ name: String) throws(SafeTensorsError) -> TensorDescriptor {
    var dtype: DType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.expect("{")
    repeat {
      let start = scanner.position
      let key = try scanner.string()
      try scanner.expect(":")
      let isRepeated: Bool
      switch Array(key.utf8) {
      case Array("dtype".utf8):
        isRepeated = dtype != nil
        dtype = try readType()
      case Array("shape".utf8):
        isRepeated = shape != nil
        shape = try scanner.wholeNumbers(atMost: limits.rank)
      case Array("data_offsets".utf8):
        isRepeated = offsets != nil
        offsets = try scanner.wholeNumbers(atMost: 2)
      default:
        throw scanner.fault("expected `dtype`, `shape` or `data_offsets`", at: start)
      }
      guard !isRepeated else { throw scanner.fault("the same key twice in one tensor", at: start) }
    } while try scanner.hasAnother(until: "}")
    guard let dtype, let shape, let offsets, offsets.count == 2 else {
      throw SafeTensorsError(
        scanner.file,
        .tensor(
          name: name, expected: "`dtype`, `shape` and two `data_offsets`", got: "not all of them"))
    }
    return try descriptor(name, dtype, shape, from: offsets[0], to: offsets[1])
  }

  private mutating func readType() throws(SafeTensorsError) -> DType {
    let start = scanner.position
    let text = try scanner.string()
    guard let dtype = DType.allCases.first(where: { $0.rawValue.utf8.elementsEqual(text.utf8) })
    else { throw scanner.fault("an element type that is not known", at: start) }
    return dtype
  }

  private func descriptor(
    _ name: String, _ dtype: DType, _ shape: [Int], from start: Int, to end: Int
  ) throws(SafeTensorsError) -> TensorDescriptor {
    func fault(_ expected: String, _ got: String) -> SafeTensorsError {
      SafeTensorsError(scanner.file, .tensor(name: name, expected: expected, got: got))
    }
    guard let elements = product(shape) else {
      throw fault("a number of elements that fits 63 bits", "\(shape)")
    }
    let size = elements.multipliedReportingOverflow(by: dtype.byteCount)
    guard !size.overflow else { throw fault("a size that fits 63 bits", "\(shape)") }
    guard elements > 0 || limits.allowsEmptyTensors else {
      throw fault("at least one element", "shape \(shape)")
    }
    guard start <= end, end <= dataBytes else {
      throw fault("offsets within the \(dataBytes) bytes of data", "\(start) to \(end)")
    }
    guard end - start == size.partialValue else {
      throw fault(
        "\(size.partialValue) bytes for \(spelling(dtype, shape))", "\(end - start) bytes")
    }
    return TensorDescriptor(
      name: name, dtype: dtype, shape: shape, range: start..<end, elementCount: elements)
  }

  private func checkLayout() throws(SafeTensorsError) {
    var end = 0
    let order = tensors.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for tensor in order {
      guard tensor.range.lowerBound == end else {
        throw SafeTensorsError(
          scanner.file,
          .layout(
            expected: "`\(tensor.name)` to start at byte \(end)",
            got: "byte \(tensor.range.lowerBound)"))
      }
      end = tensor.range.upperBound
    }
    guard end == dataBytes else {
      throw SafeTensorsError(
        scanner.file, .layout(expected: "\(end) bytes of data", got: "\(dataBytes) bytes"))
    }
  }
}

/// The product of a shape, multiplied from left to right; `nil` on overflow.
func product(_ shape: [Int]) -> Int? {
  var result = 1
  for extent in shape {
    let next = result.multipliedReportingOverflow(by: extent)
    guard !next.overflow else { return nil }
    result = next.partialValue
  }
  return result
}
