public import Foundation
public import MoEBase
public import MoEPackFormat

/// A pack whose signature was verified and whose entries lie in the store.
public struct InstalledPack: Sendable, Equatable {
  /// The pack digest.
  public let digest: Digest
  /// `namespace/name`.
  public let name: PackName
  /// The version, for people.
  public let version: SemanticVersion
  /// The release, which only ever rises.
  public let release: Int
  /// The ids of the keys that were found to have signed it, ordered by their bytes.
  public let signers: [String]
  /// The signed envelope, `moepack.dsse`.
  public let envelope: InstalledEntry
  /// Every other entry, in the order of the archive.
  public let entries: [InstalledEntry]

  /// The bytes of all its entries, the envelope included.
  public var sizeBytes: Int { entries.reduce(envelope.size) { $0 + $1.size } }

  /// The entry of that name, compared byte by byte.
  public func entry(_ name: String) -> InstalledEntry? {
    entries.first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// Reads the manifest from the envelope, held to the pack's digest.
  ///
  /// The signature was verified when the pack was installed, and is not verified again.
  ///
  /// - Throws: ``StoreError`` when the envelope is missing or is not the one that was installed.
  public func manifest() throws -> Manifest {
    do {
      let bytes = Array(try Data(contentsOf: envelope.url))
      let claimed = try Envelope(parsing: bytes, archive: name.description).unverifiedManifest()
      if claimed.digest == digest { return claimed.manifest }
    } catch {
      throw StoreError.corrupt([
        "\(label): \(envelope.name), blob \(envelope.digest), cannot be read"
      ])
    }
    throw StoreError.corrupt([
      "\(label): \(envelope.name), blob \(envelope.digest), is not the envelope of pack \(digest)"
    ])
  }

  /// Name and version, for sentences.
  var label: String { "\(name) \(version)" }
}

/// One file of an installed pack.
public struct InstalledEntry: Sendable, Equatable {
  /// Its name in the pack.
  public let name: String
  /// Its size in bytes, verified at install.
  public let size: Int
  /// Its digest, which names its blob.
  public let digest: Digest
  /// Where its file lies.
  public let path: String

  /// The file to open or map; it is never written again.
  public var url: URL { URL(fileURLWithPath: path, isDirectory: false) }
}
