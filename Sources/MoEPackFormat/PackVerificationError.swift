public import MoEBase
public import SafeTensors

/// Why a pack is refused; nothing of it was installed.
public struct PackVerificationError: ActionableError, Equatable {
  /// The archive's name, for people.
  public let archive: String
  /// What was wrong.
  public let reason: Reason

  /// Makes the error.
  public init(_ archive: String, _ reason: Reason) {
    self.archive = archive
    self.reason = reason
  }

  /// What can be wrong, in the order in which it is looked for.
  public enum Reason: Error, Equatable, Sendable {
    // The file.
    /// There is no such file.
    case notFound
    /// It is a directory, a pipe or a device.
    case notAFile(got: String)
    /// The system refused to read it.
    case notReadable(String)
    /// It does not start as an archive does.
    case notAnArchive(got: String)
    /// The zstd frame is not of the one kind allowed.
    case frame(expected: String, got: String)
    /// The archive ends before its end.
    case truncated(size: Int)
    /// Something follows the archive's end.
    case trailingBytes(count: Int)
    /// The content cannot be decompressed, or its checksum does not fit.
    case damaged(String)
    /// libarchive, which reads and writes archives, could not be loaded; what the loader said last.
    case noLibrary(String)
    /// A limit is exceeded.
    case limit(what: String, got: Int, limit: Int)
    // The entries, as they lie in the archive.
    /// A header of an entry is not of the one kind allowed.
    case header(index: Int, expected: String, got: String)
    /// An entry is no regular file.
    case notRegular(name: String, typeflag: UInt8)
    /// An entry has a name no entry may have.
    case hostileName(index: Int, name: String)
    /// The first entry is not the envelope.
    case noEnvelope(got: String)
    /// An entry that is not in the signed list, or not there.
    case unexpectedEntry(name: String, expected: String)
    /// An entry that was there before.
    case duplicateEntry(name: String)
    /// An entry of the signed list that is not there.
    case missingEntry(name: String)
    /// An entry of another size than signed.
    case sizeMismatch(name: String, expected: Int, got: Int)
    /// An entry with other content than signed.
    case digestMismatch(name: String, expected: Digest, got: Digest)
    // The signature.
    /// The envelope is not the JSON it has to be.
    case envelope(String)
    /// There is no signature.
    case unsigned
    /// No trusted key signed it.
    case unknownKey(claims: [String], required: Int)
    /// A signature names a trusted key, and does not fit it.
    case signatureMismatch(keyID: String)
    /// Trusted keys signed it, that may not sign for its namespace.
    case wrongNamespace(pack: String, keys: [KeyID])
    /// Too few trusted keys signed it.
    case underThreshold(required: Int, keys: [KeyID])
    /// A key that signed it is revoked, and what is left does not suffice.
    case revokedKey(keyID: String, reason: String)
    /// The pack itself is revoked.
    case revokedPack(reason: String)
    /// The store's signed trust root has expired.
    case trustExpired(version: Int, expires: String)
    // The manifest.
    /// The statement cannot be read.
    case statement(String)
    /// The pack was made for a newer reader.
    case newerFormat(field: String, got: String, known: String)
    /// The pack needs a feature this reader does not know.
    case unknownFeature(String)
    /// A field of the statement or the manifest does not hold.
    case manifest(path: String, expected: String, got: String)
    // The contents.
    /// A tensor file is malformed, not the one of the manifest, or not finite.
    case tensors(SafeTensorsError)
    /// The label catalog cannot be read.
    case labels(String)
    // Writing.
    /// What a pack is written to does not take it; `isFull` where it has no room.
    case notWritable(Target, cause: String, isFull: Bool)
  }

  /// What was being written when it failed.
  public enum Target: Equatable, Sendable {
    /// The content of a pack that is read, into a directory of the store.
    case staging(directory: String)
    /// A new archive, into the directory it is to lie in.
    case archive(directory: String)
    /// The zstd frame of a new archive, in memory.
    case frame
  }

  /// A stable word for machines.
  public var code: String {
    switch reason {
    case .notFound: "pack-not-found"
    case .notAFile, .notReadable: "pack-not-readable"
    case .notAnArchive: "pack-not-an-archive"
    case .frame: "pack-frame"
    case .truncated: "pack-truncated"
    case .trailingBytes: "pack-trailing-bytes"
    case .damaged: "pack-damaged"
    case .noLibrary: "archive-library-missing"
    case .limit: "pack-limit"
    case .header: "pack-header"
    case .notRegular: "pack-entry-type"
    case .hostileName: "pack-entry-name"
    case .noEnvelope: "pack-no-envelope"
    case .unexpectedEntry: "pack-unexpected-entry"
    case .duplicateEntry: "pack-duplicate-entry"
    case .missingEntry: "pack-missing-entry"
    case .sizeMismatch, .digestMismatch: "pack-digest-mismatch"
    case .envelope: "pack-envelope"
    case .unsigned: "pack-unsigned"
    case .unknownKey: "pack-unknown-key"
    case .signatureMismatch: "pack-signature-mismatch"
    case .wrongNamespace: "pack-wrong-namespace"
    case .underThreshold: "pack-under-threshold"
    case .revokedKey: "pack-key-revoked"
    case .revokedPack: "pack-revoked"
    case .trustExpired: "pack-trust-expired"
    case .statement, .manifest: "pack-manifest"
    case .newerFormat: "pack-newer-format"
    case .unknownFeature: "pack-unknown-feature"
    case .tensors(let error):
      error.code == "safetensors-non-finite" ? "pack-non-finite" : "pack-tensors"
    case .labels: "pack-labels"
    case .notWritable: "pack-not-writable"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch reason {
    case .notFound: .notFound
    case .notReadable, .notWritable: .inputOutput
    case .unsigned, .unknownKey, .signatureMismatch, .wrongNamespace, .underThreshold, .revokedKey,
      .revokedPack, .trustExpired:
      .trust
    case .noLibrary: .configuration
    default: .badData
    }
  }
}
