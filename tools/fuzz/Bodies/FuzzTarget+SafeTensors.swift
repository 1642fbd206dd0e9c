import MoEBase
import SafeTensors

extension FuzzTarget {
  /// The header of a safetensors file; with a first byte of 1, the header alone, given its data.
  public static let safeTensors = FuzzTarget(
    name: "safetensors", largestInput: 4096,
    seeds: {
      var writer = SafeTensorsWriter(metadata: ["format": "pt"])
      writer.add("a", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
      writer.add("layer.0.weight", shape: [1], doubles: [0.5])
      var empty = SafeTensorsWriter()
      empty.add("e", .u8, shape: [0], bytes: [])
      let headers = [
        #"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#,
        #"{"__metadata__":{"k":"v"},"b":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}"#,
        #"{"\u0061":{"dtype":"F16","shape":[3],"data_offsets":[0,6]}}        "#,
        #"{"x":{"dtype":"BF16","shape":[99999999999,99999999999],"data_offsets":[0,2]}}"#,
      ]
      return [[0] + writer.bytes(), [0] + empty.bytes()]
        + headers.map { [1, 16, 0] + Array($0.utf8) }
    },
    run: { input in
      guard let mode = input.first else { return }
      let bytes = mode & 1 == 0 ? Array(input.dropFirst()) : withData(input.dropFirst())
      guard let file = try? SafeTensorsFile(bytes: bytes, name: "fuzz") else { return }
      var covered = 0
      for tensor in file.tensors.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
        require(tensor.range.lowerBound == covered, "a hole or an overlap was accepted")
        covered = tensor.range.upperBound
        let product = tensor.shape.reduce(1, *)
        require(product == tensor.elementCount, "the shape is not the count")
        require(
          tensor.range.count == product * tensor.dtype.byteCount, "the bytes are not the count")
        require(file.tensor(tensor.name) == tensor, "a tensor is not found by its name")
      }
      let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      require(covered == bytes.count - 8 - length, "a tail was accepted")
      _ = file.scan()
    })

  /// A file of that header: two bytes say how long its data are.
  private static func withData(_ input: ArraySlice<UInt8>) -> [UInt8] {
    let start = input.startIndex
    guard input.count > 2 else { return [] }
    let header = input.dropFirst(2)
    let size = Int(input[start]) | Int(input[start + 1]) << 8
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return length + header + [UInt8](repeating: 0, count: size)
  }
}
