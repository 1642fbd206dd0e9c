import Crypto
public import Foundation
import MoEBase

/// How a key is called: `ed25519:` and the first 16 hexadecimal digits of the SHA-256 of its 32 bytes.
///
/// A hint for people and messages. What decides is always the key itself.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
  /// The id, `ed25519:9f3c21aa0b7d4e55`.
  public let description: String

  init(of rawBytes: [UInt8]) {
    description = "ed25519:" + Digest(of: rawBytes).hex.prefix(16)
  }
}

/// The public half of a vendor's key: what an operator trusts.
///
/// As a text it is one line, `moe-pack-public-key:ed25519:<base64>`.
public struct PublicKey: Hashable, Sendable {
  static let form = "moe-pack-public-key:ed25519:"

  /// The 32 bytes of RFC 8032.
  public let rawBytes: [UInt8]

  /// Takes the 32 bytes of RFC 8032; any other number gives `nil`.
  public init?(rawBytes: [UInt8]) {
    guard rawBytes.count == 32 else { return nil }
    self.rawBytes = rawBytes
  }

  /// Reads the line that ``text`` writes.
  ///
  /// - Parameters:
  ///   - text: The line, with or without its line feed.
  ///   - source: What to call it in an error.
  /// - Throws: ``KeyError``.
  public init(text: String, source: String = "the key") throws(KeyError) {
    rawBytes = try KeyText.bytes(of: text, form: Self.form, source: source)
  }

  /// Reads a file that holds the line.
  ///
  /// - Throws: ``KeyError``.
  public init(file: URL) throws(KeyError) {
    let (text, _) = try KeyText.read(file)
    try self.init(text: text, source: file.lastPathComponent)
  }

  /// The key's id.
  public var id: KeyID { KeyID(of: rawBytes) }

  /// Reads the line that ``line`` gives, without a line feed; anything else gives `nil`.
  public init?(line: String) {
    guard line.utf8.last != UInt8(ascii: "\n"), let key = try? PublicKey(text: line) else {
      return nil
    }
    self = key
  }

  /// The key as one line, without its line feed.
  public var line: String { "\(Self.form)\(StrictBase64.encoded(rawBytes))" }

  /// The key as one line with its line feed.
  public var text: String { line + "\n" }

  /// Writes the line to a new file that everybody may read; an existing file is never overwritten.
  ///
  /// - Throws: ``KeyError``.
  public func write(to file: URL) throws(KeyError) {
    try KeyText.write(text, to: file, mode: 0o644)
  }

  /// Whether `signature` is this key's Ed25519 signature of `message`.
  public func isValid(signature: [UInt8], of message: [UInt8]) -> Bool {
    guard signature.count == 64,
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: rawBytes)
    else { return false }
    return key.isValidSignature(signature, for: message)
  }
}
