import MoEBase

/// Follows the structure of a zstd frame while its bytes pass by, and refuses all but one plain kind.
///
/// Exactly one frame: no skippable frame, no dictionary, the content checksum on, the reserved bits
/// zero, a window within the limit, no empty block before the last, nothing after the checksum. What is
/// in the blocks is the decompressor's to read.
///
/// Reference: RFC 8878 §3.1.1.
struct ZstdFrameWalker {
  private enum State {
    case magic, descriptor, sizes(descriptor: UInt8), blockHeader, block(left: Int, isLast: Bool)
    case checksum, end
  }

  private let limits: ArchiveLimits
  private let fileSize: Int
  private var state = State.magic
  /// What is left of a field that lies across two pieces.
  private var field: [UInt8] = []
  private var blockMaximum = 0

  init(fileSize: Int, limits: ArchiveLimits) {
    self.fileSize = fileSize
    self.limits = limits
  }

  /// Whether the frame has been seen to its last byte.
  var isComplete: Bool {
    if case .end = state { true } else { false }
  }

  /// Follows the next piece of the file.
  mutating func follow(_ bytes: UnsafeRawBufferPointer) throws(PackVerificationError.Reason) {
    var position = 0
    while position < bytes.count {
      if case .end = state { throw .trailingBytes(count: bytes.count - position) }
      if case .block(let left, let isLast) = state {
        let step = min(left, bytes.count - position)
        position += step
        if step == left { state = isLast ? .checksum : .blockHeader }
        if step < left { state = .block(left: left - step, isLast: isLast) }
        continue
      }
      field.append(bytes[position])
      position += 1
      guard field.count == fieldLength else { continue }
      try finishField()
      field.removeAll(keepingCapacity: true)
    }
  }

  private var fieldLength: Int {
    switch state {
    case .magic, .checksum: 4
    case .descriptor: 1
    case .sizes(let descriptor): Self.sizesLength(descriptor)
    case .blockHeader: 3
    case .block, .end: 0
    }
  }

  /// How many bytes window descriptor and content size take together; at least 1.
  private static func sizesLength(_ descriptor: UInt8) -> Int {
    let isSingle = descriptor & 0x20 != 0
    let contentSize =
      switch descriptor >> 6 {
      case 0: isSingle ? 1 : 0
      case 1: 2
      case 2: 4
      default: 8
      }
    return contentSize + (isSingle ? 0 : 1)
  }

  private mutating func finishField() throws(PackVerificationError.Reason) {
    switch state {
    case .magic:
      guard field == [0x28, 0xB5, 0x2F, 0xFD] else { throw .notAnArchive(got: Digest.hex(field)) }
      state = .descriptor
    case .descriptor:
      try checkDescriptor(field[0])
      state = .sizes(descriptor: field[0])
    case .sizes(let descriptor):
      try checkSizes(descriptor)
      state = .blockHeader
    case .blockHeader: try startBlock()
    case .checksum: state = .end
    case .block, .end: break
    }
  }

  private func checkDescriptor(_ descriptor: UInt8) throws(PackVerificationError.Reason) {
    guard descriptor & 0x04 != 0 else {
      throw .frame(expected: "a content checksum", got: "none")
    }
    guard descriptor & 0x18 == 0 else {
      throw .frame(
        expected: "reserved bits of 0", got: "frame header descriptor 0x\(Digest.hex([descriptor]))"
      )
    }
    guard descriptor & 0x03 == 0 else { throw .frame(expected: "no dictionary", got: "one") }
  }

  private mutating func checkSizes(_ descriptor: UInt8) throws(PackVerificationError.Reason) {
    var sizes = field[...]
    var window: UInt64?
    if descriptor & 0x20 == 0, let byte = sizes.popFirst() {
      let base = UInt64(1) << (10 + UInt64(byte >> 3))
      window = base + base / 8 * UInt64(byte & 7)
    }
    var content: UInt64?
    if !sizes.isEmpty {
      var value: UInt64 = 0
      for byte in sizes.reversed() { value = value << 8 | UInt64(byte) }
      content = sizes.count == 2 ? value + 256 : value
      let most = limits.expandedBytes(of: fileSize)
      guard value <= UInt64(most) else {
        throw .limit(what: "bytes of content", got: Int(clamping: value), limit: most)
      }
    }
    let needed = window ?? content ?? 0
    guard needed <= UInt64(limits.windowBytes) else {
      throw .limit(
        what: "window of the zstd frame in bytes", got: Int(clamping: needed),
        limit: limits.windowBytes)
    }
    blockMaximum = min(Int(clamping: needed), 128 << 10)
  }

  private mutating func startBlock() throws(PackVerificationError.Reason) {
    let header = Int(field[0]) | Int(field[1]) << 8 | Int(field[2]) << 16
    let isLast = header & 1 != 0
    let size = header >> 3
    guard size <= blockMaximum else {
      throw .frame(expected: "blocks of at most \(blockMaximum) bytes", got: "\(size)")
    }
    guard size > 0 || isLast else { throw .frame(expected: "no empty block", got: "one") }
    switch header >> 1 & 3 {
    case 0, 2: state = .block(left: size, isLast: isLast)
    case 1: state = .block(left: 1, isLast: isLast)
    default: throw .frame(expected: "block type 0, 1 or 2", got: "3")
    }
    if case .block(0, let isLast) = state { state = isLast ? .checksum : .blockHeader }
  }
}
