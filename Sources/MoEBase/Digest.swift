import Crypto
public import Foundation

/// A SHA-256 digest: the name of a blob, a pack, a backbone.
///
/// Written `sha256:` and 64 lower-case hexadecimal digits. Ordered by its bytes.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The 32 bytes.
  public let bytes: [UInt8]

  /// Computes the digest of bytes in memory.
  public init(of data: some DataProtocol) {
    bytes = Array(SHA256.hash(data: data))
  }

  /// Reads `sha256:<64 hex>`; anything else, upper case included, gives `nil`.
  public init?(_ text: String) {
    let prefix = "sha256:"
    guard text.utf8.starts(with: prefix.utf8) else { return nil }
    self.init(hex: String(text.utf8.dropFirst(prefix.utf8.count)) ?? "")
  }

  /// Reads 64 lower-case hexadecimal digits; anything else gives `nil`.
  public init?(hex: String) {
    let digits = Array(hex.utf8)
    guard digits.count == 64 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(32)
    for index in stride(from: 0, to: 64, by: 2) {
      guard let high = Self.nibble(digits[index]), let low = Self.nibble(digits[index + 1]) else {
        return nil
      }
      result.append(high << 4 | low)
    }
    bytes = result
  }

  /// The 64 hexadecimal digits.
  public var hex: String { Self.hex(bytes) }
  /// The first 12 hexadecimal digits, for people.
  public var short: String { String(hex.prefix(12)) }
  /// `sha256:` and the digits.
  public var description: String { "sha256:\(hex)" }

  /// Orders digests by their bytes.
  public static func < (left: Digest, right: Digest) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// Writes bytes as lower-case hexadecimal digits.
  public static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

/// Computes a ``Digest`` piece by piece.
public struct DigestBuilder: Sendable {
  private var hash = SHA256()
  /// How many bytes went in.
  public private(set) var count = 0

  /// Starts with nothing.
  public init() {}

  /// Adds bytes.
  public mutating func update(_ data: some DataProtocol) {
    hash.update(data: data)
    count += data.count
  }

  /// Adds bytes that lie in memory.
  public mutating func update(bytes: UnsafeRawBufferPointer) {
    hash.update(bufferPointer: bytes)
    count += bytes.count
  }

  /// Adds a number as 8 little-endian bytes.
  public mutating func update(number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { update(bytes: $0) }
  }

  /// Adds a text as its length and its UTF-8 bytes, so that neighbours cannot run together.
  public mutating func update(text: String) {
    let bytes = Array(text.utf8)
    update(number: UInt64(bytes.count))
    update(bytes)
  }

  /// The digest of what went in so far.
  public func finish() -> Digest {
    let bytes = Array(hash.finalize())
    return Digest(unchecked: bytes)
  }
}

extension Digest {
  fileprivate init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  /// Computes the digest of a file, read in pieces of 1 MiB.
  ///
  /// - Throws: `POSIXError` when the file cannot be read.
  public init(file: URL) throws {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    defer { close(descriptor) }
    var builder = DigestBuilder()
    // FileHandle would read 4 KiB at a time.
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
      if count == 0 { break }
      buffer.withUnsafeBytes {
        builder.update(bytes: UnsafeRawBufferPointer(rebasing: $0[..<count]))
      }
    }
    self = builder.finish()
  }

  /// The digest that names a set of files: SHA-256 over what `sha256sum` prints for them, sorted by name.
  ///
  /// Each line is the file's hexadecimal digest, two spaces, its name, a line feed; names are ordered by
  /// their UTF-8 bytes. `sha256sum NAME… | LC_ALL=C sort -k2 | sha256sum` gives the same.
  public init(fileSet: [String: Digest]) {
    let names = fileSet.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    var builder = DigestBuilder()
    for name in names {
      guard let digest = fileSet[name] else { continue }
      builder.update(Array("\(digest.hex)  \(name)\n".utf8))
    }
    self = builder.finish()
  }
}
