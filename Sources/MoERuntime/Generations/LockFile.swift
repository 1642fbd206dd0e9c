public import MoEBase
import MoEModel
public import MoEPackFormat
public import MoEStore

/// Which packs a store serves, on which backbone and how, by digests: `moepack.lock`.
///
/// Two machines that serve the same lock file give the same answers, bit for bit. It holds no packs and proves
/// nothing about them: what it names is verified like any other pack when it comes in.
public struct LockFile: Sendable, Equatable {
  /// One pack.
  public struct Pack: Sendable, Equatable {
    /// `namespace/name`.
    public let name: PackName
    /// The version, for people.
    public let version: SemanticVersion
    /// The release.
    public let release: Int
    /// The pack digest, which alone decides.
    public let digest: Digest

    /// Name and version, for sentences.
    public var label: String { "\(name) \(version)" }
  }

  /// The version of the format that this program writes and reads.
  public static let version = 1
  /// The most bytes of a lock file.
  public static let limitBytes = 4 << 20

  /// The name of the backbone, for people.
  public let backboneName: String
  /// The digest of the backbone.
  public let backbone: Digest
  /// The digest of the backbone's profile; `nil` where nothing says.
  public let profile: Digest?
  /// The version of the gate's mathematics.
  public let gateVersion: Int
  /// How probable a pack must be to answer.
  public let threshold: Double
  /// The precision that packs answer in.
  public let precision: Precision
  /// The identity of everything that answers depend on.
  public let composition: Digest
  /// The packs, ordered by the bytes of their names.
  public let packs: [Pack]

  /// Locks what a composition of a generation is.
  public init(_ composition: Composition, of generation: Generation) {
    backboneName = composition.backbone.name
    backbone = composition.backbone.digest
    profile = composition.profile
    gateVersion = Dispatcher.gateVersion
    threshold = generation.threshold
    precision = generation.precision
    self.composition = composition.digest
    packs = generation.packs.map {
      Pack(name: $0.name, version: $0.version, release: $0.release, digest: $0.digest)
    }
  }

  /// Reads a lock file, strictly.
  ///
  /// - Throws: ``LockError/malformed(file:path:expected:got:)`` or ``LockError/newer(file:version:known:)``.
  public init(parsing bytes: [UInt8], file: String) throws(LockError) {
    do {
      self = try Self(json: try JSONValue(parsing: bytes), file: file)
    } catch let error as LockError {
      throw error
    } catch let error as JSONSyntaxError {
      throw .malformed(
        file: file, path: "the document", expected: "one JSON object",
        got: "\(error.reason) (byte \(error.offset))")
    } catch let error as JSONSchemaError {
      throw .malformed(file: file, path: error.path, expected: error.expected, got: error.got)
    } catch {
      throw .malformed(
        file: file, path: "the document", expected: "one JSON object", got: "\(error)")
    }
  }

  private init(json: JSONValue, file: String) throws {
    var reader = try JSONReader(json)
    let version = try reader.integer("lockVersion", in: 1...Int.max)
    guard version <= Self.version else {
      throw LockError.newer(file: file, version: version, known: Self.version)
    }
    var backbone = try reader.object("backbone")
    backboneName = try backbone.string("name")
    guard isShownText(backboneName, atMost: 128) else {
      throw JSONSchemaError(path: "backbone.name", expected: "a name", got: "other text")
    }
    self.backbone = try backbone.digest("digest")
    try backbone.finish()
    profile = reader.optional("profile") == .null ? nil : try reader.digest("profile")
    gateVersion = try reader.integer("gateVersion", in: 1...Int.max)
    let least = Double.leastNonzeroMagnitude
    threshold = try reader.number("threshold", in: least...1.0.nextDown)
    let word = try reader.string("precision")
    guard let precision = Precision(rawValue: word) else {
      throw JSONSchemaError(
        path: "precision", expected: Precision.allCases.map(\.rawValue).joined(separator: ", "),
        got: "`\(word)`")
    }
    self.precision = precision
    composition = try reader.digest("composition")
    packs = try reader.objects("packs").map(Pack.init)
    try reader.finish()
    for (pack, next) in zip(packs, packs.dropFirst())
    where !pack.name.description.utf8.lexicographicallyPrecedes(next.name.description.utf8) {
      throw JSONSchemaError(
        path: "packs", expected: "each name once, ordered by their bytes",
        got: "`\(next.name)` after `\(pack.name)`")
    }
  }

  /// The document, over several lines, so that differences can be read.
  public var text: String { json.prettyText + "\n" }

  private var json: JSONValue {
    [
      "lockVersion": .integer(Self.version),
      "backbone": ["name": .string(backboneName), "digest": .digest(backbone)],
      "profile": profile.map(JSONValue.digest) ?? .null, "gateVersion": .integer(gateVersion),
      "threshold": .number(threshold), "precision": .string(precision.rawValue),
      "composition": .digest(composition),
      "packs": .array(
        packs.map { pack in
          [
            "pack": .string(pack.name.description), "version": .string(pack.version.description),
            "release": .integer(pack.release), "digest": .digest(pack.digest),
          ]
        }),
    ]
  }
}

extension LockFile.Pack {
  fileprivate init(_ reader: JSONReader) throws {
    var reader = reader
    let name = try reader.string("pack")
    guard let packName = PackName(name) else {
      throw JSONSchemaError(
        path: reader.path(of: "pack"), expected: "namespace/name", got: "`\(name.prefix(80))`")
    }
    let version = try reader.string("version")
    guard let semantic = SemanticVersion(version) else {
      throw JSONSchemaError(
        path: reader.path(of: "version"), expected: "a semantic version",
        got: "`\(version.prefix(80))`")
    }
    self.init(
      name: packName, version: semantic, release: try reader.integer("release", in: 0...Int.max),
      digest: try reader.digest("digest"))
    try reader.finish()
  }
}
