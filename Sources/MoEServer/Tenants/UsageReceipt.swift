import Foundation
public import MoEBase
public import MoEPackFormat

/// Usage counts that a server signed: an in-toto statement in a DSSE envelope, as packs are signed in.
public struct UsageReceipt: Sendable {
  /// What the predicate is.
  public static let predicateType = "urn:moe-pack:usage-receipt:1"

  /// What it says: server, number, time, counts.
  public let predicate: JSONValue
  /// The envelope.
  public let envelope: [UInt8]

  /// Signs counts.
  init(counts: JSONValue, number: Int, server: String, time: String, with key: SigningKey) {
    predicate = [
      "server": .string(server), "number": .integer(number), "time": .string(time),
      "usage": counts,
    ]
    let statement: JSONValue = [
      "_type": "https://in-toto.io/Statement/v1",
      "subject": [
        [
          "name": .string("usage of \(server)"),
          "digest": ["sha256": .string(Digest(of: counts.bytes).hex)],
        ]
      ],
      "predicateType": .string(Self.predicateType), "predicate": predicate,
    ]
    envelope = Envelope(signing: statement.bytes, with: [key]).bytes
  }

  /// Verifies a receipt before it is read.
  ///
  /// - Parameters:
  ///   - bytes: The envelope.
  ///   - key: Who must have signed it.
  ///   - source: What to call it in an error.
  /// - Throws: ``ServerError/badReceipt(path:reason:)``.
  public init(
    verifying bytes: [UInt8], by key: PublicKey, source: String
  ) throws(ServerError) {
    func refused(_ reason: String) -> ServerError { .badReceipt(path: source, reason: reason) }
    let envelope: Envelope
    do throws(PackVerificationError) {
      envelope = try Envelope(parsing: bytes, archive: source)
    } catch {
      throw refused("it is not an envelope: \(error.message)")
    }
    let message = Envelope.preAuthenticationEncoding(
      type: Envelope.payloadType, body: envelope.payload)
    guard envelope.signatures.contains(where: { key.isValid(signature: $0.bytes, of: message) })
    else { throw refused("no signature of it is by \(key.id)") }
    guard let statement = try? JSONValue(parsing: envelope.payload),
      statement["predicateType"] == .string(Self.predicateType),
      let predicate = statement["predicate"]
    else { throw refused("what is signed is no usage receipt") }
    self.predicate = predicate
    self.envelope = bytes
  }
}
