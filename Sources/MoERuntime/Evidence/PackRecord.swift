import Foundation
import MoEModel

/// What one pack makes of the texts of one set: a margin each, and outputs where it was run.
struct PackRecord: Equatable {
  /// δ of each text without the operator's shift, in nats; not finite where a row is not.
  var margins: [Double]
  /// What the pack gave, by the index of the text.
  var outputs: [Int: PackOutput] = [:]

  /// Writes the record in bytes, little-endian.
  ///
  /// ```
  /// texts u32 · heads u32 · labels of each head u32 · margins f64… · outputs u32
  /// then for each output, by index: index u32 · probabilities f32…
  /// ```
  ///
  /// - Parameter widths: The labels of each head of the pack.
  /// - Returns: The bytes.
  func bytes(widths: [Int]) -> Data {
    var data = Data()
    func add(_ number: Int) { Self.append(UInt32(clamping: number), to: &data) }
    for number in [margins.count, widths.count] + widths { add(number) }
    for margin in margins { Self.append(margin.bitPattern, to: &data) }
    add(outputs.count)
    for (index, output) in outputs.sorted(by: { $0.key < $1.key }) {
      add(index)
      for probability in output.probabilities.joined() {
        Self.append(probability.bitPattern, to: &data)
      }
    }
    return data
  }

  /// Reads a record; `nil` where it is not one of so many texts and of heads of these widths.
  init?(_ data: Data, count: Int, widths: [Int]) {
    var reader = Reader(data: data)
    guard [count, widths.count] + widths == (0..<widths.count + 2).map({ _ in reader.number() })
    else { return nil }
    margins = []
    margins.reserveCapacity(count)
    for _ in 0..<count {
      guard let bits = reader.word() else { return nil }
      margins.append(Double(bitPattern: bits))
    }
    guard let outputCount = reader.number(), outputCount <= count else { return nil }
    for _ in 0..<outputCount {
      guard let index = reader.number(), index < count else { return nil }
      var probabilities: [[Float]] = []
      for width in widths {
        guard let row = reader.floats(width) else { return nil }
        probabilities.append(row)
      }
      outputs[index] = PackOutput(probabilities: probabilities)
    }
    guard outputs.count == outputCount, reader.isAtEnd else { return nil }
  }

  init(margins: [Double]) { self.margins = margins }

  private static func append(_ number: some FixedWidthInteger, to data: inout Data) {
    withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
  }

  /// Reads little-endian numbers one after the other.
  private struct Reader {
    let data: Data
    var offset = 0

    var isAtEnd: Bool { offset == data.count }

    private mutating func take<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
      let size = MemoryLayout<Number>.size
      guard data.count - offset >= size else { return nil }
      defer { offset += size }
      return data.withUnsafeBytes {
        Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self))
      }
    }

    mutating func number() -> Int? { take(UInt32.self).map(Int.init) }
    mutating func word() -> UInt64? { take(UInt64.self) }

    mutating func floats(_ count: Int) -> [Float]? {
      guard (data.count - offset) / 4 >= count else { return nil }
      return (0..<count).compactMap { _ in take(UInt32.self).map(Float.init(bitPattern:)) }
    }
  }
}
