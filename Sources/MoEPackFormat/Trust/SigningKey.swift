import Crypto
public import Foundation
import MoEBase

/// The private half of a vendor's key: what signs packs.
///
/// As a text it is one line, `moe-pack-private-key:ed25519:<base64 of the 32-byte seed>`. Its description
/// shows the id of the public half, never the seed.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
  static let form = "moe-pack-private-key:ed25519:"

  private let key: Curve25519.Signing.PrivateKey

  /// Makes a new key from the system's randomness.
  public init() { key = Curve25519.Signing.PrivateKey() }

  /// Makes the key of a seed of 32 bytes.
  ///
  /// - Throws: ``KeyError`` when there are not 32.
  public init(seed: [UInt8], source: String = "the key") throws(KeyError) {
    do { key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed) } catch {
      throw KeyError(source, .malformed(expected: "\(Self.form)<base64>"))
    }
  }

  /// Reads the line of a private key, from standard input for example.
  ///
  /// - Throws: ``KeyError``.
  public init(text: String, source: String = "the key") throws(KeyError) {
    try self.init(
      seed: try KeyText.bytes(of: text, form: Self.form, source: source), source: source)
  }

  /// Reads a file that holds the line, and that nobody but its owner may read.
  ///
  /// - Throws: ``KeyError``.
  public init(file: URL) throws(KeyError) {
    let (text, mode) = try KeyText.read(file)
    // A public key may be read by everybody: which half it is comes before who may read it.
    try self.init(text: text, source: file.lastPathComponent)
    guard mode & 0o077 == 0 else { throw KeyError(file.lastPathComponent, .exposed(mode: mode)) }
  }

  /// The public half.
  public var publicKey: PublicKey {
    guard let key = PublicKey(rawBytes: Array(key.publicKey.rawRepresentation)) else {
      preconditionFailure("an Ed25519 public key has 32 bytes")
    }
    return key
  }

  /// Writes the line to a new file of mode 0600; an existing file is never overwritten.
  ///
  /// - Throws: ``KeyError``.
  public func write(to file: URL) throws(KeyError) {
    let seed = Array(key.rawRepresentation)
    try KeyText.write("\(Self.form)\(StrictBase64.encoded(seed))\n", to: file, mode: 0o600)
  }

  /// The Ed25519 signature of `message`: 64 bytes, the same for the same key and message on Linux.
  public func signature(of message: [UInt8]) -> [UInt8] {
    guard let signature = try? key.signature(for: message) else {
      preconditionFailure("signing with a key in memory cannot fail")
    }
    return Array(signature)
  }

  /// The id of the public half.
  public var description: String { "private key of \(publicKey.id)" }

  /// Shows nothing of the seed.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
