public import Foundation
public import MoEBase

/// A trust root as it came, of which nothing is known.
///
/// It becomes a ``SignedRoot`` by ``verifiedFirst()`` or ``verified(after:)``, or stays what it is.
public struct UnverifiedRoot: Sendable {
  /// What to call it in error sentences.
  public let source: String
  private var envelope: DSSEEnvelope

  /// Reads the envelope strictly; nothing in it is interpreted.
  ///
  /// - Throws: ``TrustError``.
  public init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    self.source = source
    do throws(EnvelopeFault) {
      envelope = try DSSEEnvelope(parsing: bytes, type: RootDocument.payloadType)
    } catch {
      throw TrustError(source, .envelope(error.reason))
    }
  }

  /// Reads a file of at most 16 MiB.
  ///
  /// - Throws: ``TrustError``.
  public init(file: URL) throws(TrustError) {
    let source = file.relativePath
    let bytes: [UInt8]
    do throws(PackVerificationError.Reason) {
      bytes = try ByteSource(url: file).content(atMost: 16 << 20)
    } catch {
      throw TrustError(source, Self.unreadable(error))
    }
    try self.init(parsing: bytes, source: source)
  }

  private static func unreadable(_ reason: PackVerificationError.Reason) -> TrustError.Reason {
    switch reason {
    case .notFound: .notFound
    case .notAFile(let got): .notReadable(got)
    case .notReadable(let cause): .notReadable(cause)
    case .limit(_, let got, _): .notReadable("a file of \(got) bytes")
    default: .notReadable("a file that cannot be")
    }
  }

  /// Signs a document.
  ///
  /// - Throws: ``TrustError`` when the document cannot stand.
  public init(
    signing document: RootDocument, with keys: [SigningKey], source: String = "the trust root"
  ) throws(TrustError) {
    try document.checked(source: source)
    self.source = source
    envelope = DSSEEnvelope(
      signing: document.payload, type: RootDocument.payloadType, with: keys)
  }

  /// The envelope as a file holds it.
  public var json: JSONValue { envelope.json }

  /// The digest of the payload: what names a version.
  public var digest: Digest { Digest(of: envelope.payload) }

  /// What it claims to be; nobody vouches for it.
  ///
  /// - Throws: ``TrustError``.
  public func claims() throws(TrustError) -> RootDocument {
    do throws(TrustError.Reason) { return try RootDocument(parsing: envelope.payload) } catch {
      throw TrustError(source, error)
    }
  }

  /// Adds the signatures of keys that have not signed yet.
  ///
  /// - Throws: ``TrustError/Reason/tooManySignatures(_:)``.
  public mutating func sign(with keys: [SigningKey]) throws(TrustError) {
    envelope.sign(with: keys)
    guard envelope.signatures.count <= DSSEEnvelope.mostSignatures else {
      throw TrustError(source, .tooManySignatures(envelope.signatures.count))
    }
  }

  /// Accepts it as the first root of a store: it must carry the threshold of its own root keys.
  ///
  /// That proves that it is whole, not whose it is: that is the operator's word.
  ///
  /// - Throws: ``TrustError``.
  public func verifiedFirst() throws(TrustError) -> SignedRoot {
    let document = try claims()
    let own = try count(document.rootKeys, document.rootThreshold, of: .own)
    return SignedRoot(document: document, digest: digest, signers: own, envelope: envelope)
  }

  /// Accepts it as the root that follows `root`.
  ///
  /// 1. The threshold of the root keys of version N fits, over the payload's bytes.
  /// 2. The document is read strictly from those same bytes, and is version N + 1.
  /// 3. The threshold of its own root keys fits too.
  ///
  /// Signatures count by the different keys they belong to. Whether a version has expired does not matter
  /// here: an old one may be a step on the way to the newest.
  ///
  /// Reference: TUF 1.0.33 §5.3.
  ///
  /// - Throws: ``TrustError``. The first failure wins, in this order.
  public func verified(after root: SignedRoot) throws(TrustError) -> SignedRoot {
    let before = root.document
    _ = try count(before.rootKeys, before.rootThreshold, of: .version(before.version))
    let document = try claims()
    guard document.version == before.version + 1 else {
      throw TrustError(
        source, .wrongVersion(expected: before.version + 1, got: document.version))
    }
    let own = try count(document.rootKeys, document.rootThreshold, of: .own)
    return SignedRoot(document: document, digest: digest, signers: own, envelope: envelope)
  }

  /// How many of these root keys have signed it.
  public func signerCount(among keys: [PublicKey]) -> Int {
    envelope.fitting(among: Set(keys)).count
  }

  private func count(
    _ keys: [PublicKey], _ threshold: Int, of signers: TrustError.RootKeys
  ) throws(TrustError) -> [KeyID] {
    let fitting = envelope.fitting(among: Set(keys))
    guard fitting.count >= threshold else {
      throw TrustError(
        source, .underThreshold(of: signers, required: threshold, keys: fitting.sortedIDs))
    }
    return fitting.sortedIDs
  }
}

/// A trust root whose signatures have been verified; only ``UnverifiedRoot`` makes one.
public struct SignedRoot: Sendable, Equatable {
  /// What it says.
  public let document: RootDocument
  /// The digest of its payload.
  public let digest: Digest
  /// Its own root keys that signed it, sorted.
  public let signers: [KeyID]
  private let envelope: DSSEEnvelope

  fileprivate init(
    document: RootDocument, digest: Digest, signers: [KeyID], envelope: DSSEEnvelope
  ) {
    self.document = document
    self.digest = digest
    self.signers = signers
    self.envelope = envelope
  }

  /// The envelope as a file holds it.
  public var json: JSONValue { envelope.json }
}

extension Set<PublicKey> {
  /// The ids of the keys, sorted.
  var sortedIDs: [KeyID] { map(\.id).sorted { $0.description < $1.description } }
}
