/// Normalization form C: canonical decomposition, canonical order, canonical composition.
///
/// Reference: Unicode Standard Annex #15. The data is that of ``UnicodeTables``.
struct CanonicalComposition: Sendable {
  /// The form, shared by all tokenizers of the process.
  static let shared = CanonicalComposition()

  private let tables = UnicodeTables.shared
  /// The scalar that two compose to, keyed by `first << 32 | second`.
  private var composites: [UInt64: UInt32] = [:]

  private init() {
    var excluded: Set<UInt32> = []
    UnicodeData.excludedCompositions.forEachRange { excluded.formUnion($0) }
    var entries: [(scalar: UInt32, parts: ArraySlice<UInt32>)] = []
    tables.forEachDecomposition { scalar, parts in
      if !excluded.contains(scalar) { entries.append((scalar, parts)) }
    }
    // A decomposition of three or four scalars begins with that of another one, which is shorter.
    for count in 2...4 {
      for entry in entries where entry.parts.count == count {
        var first = entry.parts[entry.parts.startIndex]
        for part in entry.parts.dropFirst().dropLast() {
          first = composites[UInt64(first) << 32 | UInt64(part)] ?? first
        }
        guard let last = entry.parts.last else { continue }
        composites[UInt64(first) << 32 | UInt64(last)] = entry.scalar
      }
    }
  }

  /// The text in form C, or `nil` when nothing in it can change: no scalar from U+0300 on.
  ///
  /// Time is linear in the text but for a run of combining marks, which is sorted.
  func composed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard text.contains(where: { $0 >= 0xCC }) else { return nil }
    var scalars: [UInt32] = []
    scalars.reserveCapacity(text.count)
    var marks: [(order: UInt64, scalar: UInt32)] = []
    func endMarks() {
      guard !marks.isEmpty else { return }
      marks.sort { $0.order < $1.order }
      for mark in marks { scalars.append(mark.scalar) }
      marks.removeAll(keepingCapacity: true)
    }
    var position = 0
    while position < text.count {
      let (scalar, length) = text.scalar(at: position)
      position += length
      tables.decompose(scalar) { part in
        if tables[part].contains(.combines) {
          let order = UInt64(tables.combiningClass(part)) << 32 | UInt64(marks.count)
          marks.append((order, part))
        } else {
          endMarks()
          scalars.append(part)
        }
      }
    }
    endMarks()
    return compose(scalars, byteCount: text.count)
  }

  private func compose(_ scalars: [UInt32], byteCount: Int) -> [UInt8] {
    var output: [UInt32] = []
    output.reserveCapacity(scalars.count)
    var starter = -1
    var lastClass: UInt32 = 0
    for scalar in scalars {
      let combiningClass = tables[scalar].contains(.combines) ? tables.combiningClass(scalar) : 0
      if starter >= 0, starter == output.count - 1 || lastClass < combiningClass,
        let composite = composite(output[starter], scalar)
      {
        output[starter] = composite
        continue
      }
      if combiningClass == 0 { starter = output.count }
      lastClass = combiningClass
      output.append(scalar)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for scalar in output { bytes.append(scalar: scalar) }
    return bytes
  }

  private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
      return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
    }
    if (0xAC00..<0xD7A4).contains(first), (first - 0xAC00) % 28 == 0,
      (0x11A8..<0x11C3).contains(second)
    {
      return first + second - 0x11A7
    }
    return composites[UInt64(first) << 32 | UInt64(second)]
  }
}
