public import Foundation
public import MoEBase
public import SafeTensors

/// One entry of a pack, written to a staging directory and found to be what was signed.
public struct StagedEntry: Sendable {
  /// Its name in the archive.
  public let name: String
  /// Its size in bytes.
  public let size: Int
  /// Its digest.
  public let digest: Digest
  /// Where it lies: a file with a number for a name.
  public let url: URL
}

/// What a look at every value of one tensor file found.
public struct EntryScan: Sendable, Equatable {
  /// The entry's name.
  public let entry: String
  /// One finding a tensor; all are finite.
  public let tensors: [TensorScan]
}

/// The largest magnitude of a tensor's values.
public struct TensorMagnitude: Sendable, Equatable {
  /// The entry it lies in.
  public let entry: String
  /// The tensor's name.
  public let tensor: String
  /// The largest magnitude; every value is finite.
  public let absmax: Double

  /// Makes a record.
  public init(entry: String, tensor: String, absmax: Double) {
    self.entry = entry
    self.tensor = tensor
    self.absmax = absmax
  }
}

/// The contents of a pack: each entry equal to what the manifest says of it.
public struct PackContents: Sendable {
  /// The manifest.
  public let manifest: Manifest
  /// The pack's digest: of the envelope's payload.
  public let digest: Digest
  /// The envelope, so that a store can verify the pack again.
  public let envelope: StagedEntry
  /// All other entries, in the order of the manifest.
  public let entries: [StagedEntry]
  /// What is said of labels.
  public let labels: LabelCatalog
  /// What the scan of the tensor files found.
  public let scans: [EntryScan]

  /// The largest magnitude of each tensor, by entry and name.
  public var magnitudes: [TensorMagnitude] {
    scans.flatMap { scan in
      scan.tensors.map {
        TensorMagnitude(entry: scan.entry, tensor: $0.name, absmax: $0.absmax)
      }
    }
  }

  /// The entry of that name.
  public func entry(_ name: String) -> StagedEntry? {
    entries.first { $0.name.utf8.elementsEqual(name.utf8) }
  }
}

/// A pack whose signatures and contents have been verified.
///
/// Only ``UnverifiedPack/verified(by:staging:)`` makes one, and only this can be installed.
public struct VerifiedPack: Sendable {
  /// The contents.
  public let contents: PackContents
  /// The trusted keys that signed it and may sign for it.
  public let keyIDs: [KeyID]
  /// What it was accepted on.
  public let assurance: Assurance

  init(contents: PackContents, keyIDs: [KeyID], assurance: Assurance) {
    self.contents = contents
    self.keyIDs = keyIDs
    self.assurance = assurance
  }

  /// The manifest.
  public var manifest: Manifest { contents.manifest }
  /// The pack's digest.
  public var digest: Digest { contents.digest }
}

/// A pack whose contents are whole and whose signatures nobody looked at: for its vendor's own tests.
///
/// It cannot be installed.
public struct UntrustedPack: Sendable {
  /// The contents.
  public let contents: PackContents

  init(contents: PackContents) { self.contents = contents }
}
