/// Why a pack is trusted, or is not, step by step.
public struct TrustExplanation: Sendable {
  /// What became of one signature.
  public struct Signature: Sendable {
    /// What the envelope calls the key.
    public let keyIDClaim: String
    /// The key it fits, of those the store knows.
    public let key: PublicKey?
    /// Whether that key may sign for the pack.
    public let isForNamespace: Bool
    /// Why that key is revoked, if it is.
    public let revocation: Revocation?
  }

  /// What the pack claims to be; vouched for only where ``verdict`` says so.
  public let claims: UnverifiedManifest
  /// The signatures, in the order of the envelope.
  public let signatures: [Signature]
  /// What its namespace asks for.
  public let rule: NamespaceRule
  /// The signed root the rule comes from; `nil` where it is the operator's word.
  public let root: SignedRoot?
  /// Why its digest is revoked, if it is.
  public let revocation: Revocation?
  /// Whether the operator accepts this very pack whichever key is revoked.
  public let isAllowed: Bool
  /// What it is accepted on, or why it is refused.
  public let verdict: Result<VerifiedManifest, PackVerificationError>
}

extension TrustRoot {
  /// Explains what this trust root makes of a pack.
  ///
  /// - Throws: ``PackVerificationError`` when the pack's own statement cannot be read.
  public func explanation(
    of envelope: Envelope
  ) throws(PackVerificationError) -> TrustExplanation {
    let claims = try envelope.unverifiedManifest()
    let rule = rule(for: claims.manifest.pack)
    let message = envelope.dsse.signedBytes
    let known = knownKeys
    let signatures = envelope.signatures.map { signature in
      let key = signature.key(among: known, message: message)
      return TrustExplanation.Signature(
        keyIDClaim: signature.keyIDClaim, key: key,
        isForNamespace: key.map(rule.keys.contains) ?? false,
        revocation: key.flatMap { revocation(of: .key($0)) })
    }
    let verdict: Result<VerifiedManifest, PackVerificationError>
    do throws(PackVerificationError) {
      verdict = .success(try envelope.verifiedManifest(by: self))
    } catch {
      verdict = .failure(error)
    }
    return TrustExplanation(
      claims: claims, signatures: signatures, rule: rule,
      root: signed?.document.rule(for: claims.manifest.pack) == nil ? nil : signed,
      revocation: revocation(of: .digest(envelope.packDigest)),
      isAllowed: allowedDigests.contains(envelope.packDigest), verdict: verdict)
  }
}
