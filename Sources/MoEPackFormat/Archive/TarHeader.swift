import MoEBase

/// The header of one entry: 512 bytes of POSIX ustar, all but name and size the same in every one.
///
/// ```
/// name 100 · mode "0000644" · uid, gid "0000000" · size, 11 octal digits · mtime "00000000000" ·
/// checksum, 6 octal digits, NUL, space · typeflag "0" · linkname 100 NUL · "ustar" NUL "00" ·
/// uname, gname 32 NUL each · devmajor, devminor "0000000" or NUL · prefix 155 NUL · 12 NUL
/// ```
///
/// What is accepted has one spelling for a name and a size (devices apart), so no two readers can
/// understand a header differently.
public struct TarHeader: Sendable, Equatable {
  /// The size of a header, and what content is padded to.
  public static let blockSize = 512
  /// The largest size that fits: 8 GiB less one byte.
  public static let largestSize = 1 << 33 - 1

  /// The entry's name.
  public let name: String
  /// The size of its content.
  public let size: Int

  /// Makes a header.
  ///
  /// - Precondition: The name is allowed (``EntryName/isAllowed(_:)``), and the size fits.
  public init(name: String, size: Int) {
    precondition(EntryName.isAllowed(name.utf8), "an entry cannot be named `\(escaped(name))`")
    precondition((0...Self.largestSize).contains(size), "an entry has at most 8 GiB less a byte")
    self.name = name
    self.size = size
  }

  /// The 512 bytes.
  public var bytes: [UInt8] { Self.bytes(name: Array(name.utf8), size: size) }

  /// How many zeros follow the content.
  public static func padding(after size: Int) -> Int { (blockSize - size % blockSize) % blockSize }

  private static func bytes(name: [UInt8], size: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: blockSize)
    func put(_ text: some Collection<UInt8>, at offset: Int) {
      block.replaceSubrange(offset..<offset + text.count, with: text)
    }
    put(name, at: 0)
    put(octal(0o644, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(size, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    put(Array("        0".utf8), at: 148)
    put(Array("ustar\u{0}00".utf8), at: 257)
    put(octal(0, digits: 7), at: 329)
    put(octal(0, digits: 7), at: 337)
    put(octal(sum(block), digits: 6) + [0, 0x20], at: 148)
    return block
  }

  /// Reads a header; `nil` for a block of zeros, which ends the archive.
  ///
  /// - Parameters:
  ///   - block: 512 bytes.
  ///   - index: Which entry it is, for the error.
  /// - Throws: ``PackVerificationError/Reason`` for anything but the one spelling.
  init?(_ block: [UInt8], index: Int) throws(PackVerificationError.Reason) {
    guard block.contains(where: { $0 != 0 }) else { return nil }
    func refuse(_ expected: String, _ got: String) -> PackVerificationError.Reason {
      .header(index: index, expected: expected, got: got)
    }
    var unsummed = block
    unsummed.replaceSubrange(148..<156, with: repeatElement(0x20, count: 8))
    let checksum = Self.octal(Self.sum(unsummed), digits: 6) + [0, 0x20]
    guard block[148..<156].elementsEqual(checksum) else {
      throw refuse("checksum \(escaped(bytes: checksum))", escaped(bytes: block[148..<156]))
    }
    guard block[257..<265].elementsEqual("ustar\u{0}00".utf8) else {
      throw refuse("the magic of POSIX ustar", escaped(bytes: block[257..<265]))
    }
    let nameField = block[0..<100]
    let name = nameField.prefix { $0 != 0 }
    guard block[156] == UInt8(ascii: "0") else {
      throw .notRegular(name: escaped(bytes: name), typeflag: block[156])
    }
    let prefix = block[345..<500]
    guard nameField.dropFirst(name.count).allSatisfy({ $0 == 0 }),
      prefix.allSatisfy({ $0 == 0 }), EntryName.isAllowed(name),
      let text = String(validating: name, as: UTF8.self)
    else {
      let full =
        (prefix.first == 0 ? [] : prefix.prefix { $0 != 0 } + [UInt8(ascii: "/")])
        + Array(nameField.reversed().drop { $0 == 0 }.reversed())
      throw .hostileName(index: index, name: escaped(bytes: full))
    }
    var size = 0
    for byte in block[124..<135] {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else {
        throw refuse("a size of 11 octal digits", escaped(bytes: block[124..<136]))
      }
      size = size << 3 | Int(byte - UInt8(ascii: "0"))
    }
    self.name = text
    self.size = size
    let canonical = Self.bytes(name: Array(name), size: size)
    let devices = block[329..<345]
    let hasNoDevices =
      devices.elementsEqual(canonical[329..<345]) || devices.allSatisfy { $0 == 0 }
    for offset in 0..<Self.blockSize where !(148..<156).contains(offset) {
      if (329..<345).contains(offset) ? !hasNoDevices : block[offset] != canonical[offset] {
        throw refuse(
          "mode 0644, owners, times and devices of 0, no other field in use",
          "byte 0x\(Digest.hex([block[offset]])) at offset \(offset)")
      }
    }
  }

  private static func octal(_ number: Int, digits: Int) -> [UInt8] {
    let text = String(number, radix: 8)
    return Array((String(repeating: "0", count: digits - text.utf8.count) + text).utf8)
  }

  private static func sum(_ block: [UInt8]) -> Int { block.reduce(0) { $0 + Int($1) } }
}
