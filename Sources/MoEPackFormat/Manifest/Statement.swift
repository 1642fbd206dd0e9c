public import MoEBase

/// The in-toto statement that an envelope carries: every entry by its digest, and the manifest.
///
/// Reference: in-toto Attestation Framework, Statement v1.
enum Statement {
  static let type = "https://in-toto.io/Statement/v1"
  static let predicateType = "urn:moe-pack:manifest:1"

  /// The payload of a pack with this manifest.
  static func payload(_ manifest: Manifest) -> [UInt8] {
    let json: JSONValue = [
      "_type": .string(type),
      "subject": .array(
        manifest.entries.map {
          ["name": .string($0.name), "digest": ["sha256": .string($0.digest.hex)]]
        }),
      "predicateType": .string(predicateType),
      "predicate": manifest.json,
    ]
    return json.bytes
  }

  /// Reads a payload strictly.
  ///
  /// Versions and features come before the schema, so that a newer pack is refused as newer and not
  /// for a key this reader does not know.
  static func manifest(
    in payload: [UInt8]
  ) throws(PackVerificationError.Reason) -> Manifest {
    do {
      var reader = try JSONReader(
        try JSONValue(parsing: payload, limits: JSONLimits(values: 1_000_000)))
      let type = try reader.string("_type")
      let predicateType = try reader.string("predicateType")
      guard type.utf8.elementsEqual(Self.type.utf8) else {
        throw schema("_type", "`\(Self.type)`", "`\(escaped(type))`")
      }
      if !predicateType.utf8.elementsEqual(Self.predicateType.utf8) {
        if predicateType.utf8.starts(with: "urn:moe-pack:manifest:".utf8) {
          throw PackVerificationError.Reason.newerFormat(
            field: "predicateType", got: "`\(escaped(predicateType))`",
            known: "`\(Self.predicateType)`")
        }
        throw schema("predicateType", "`\(Self.predicateType)`", "`\(escaped(predicateType))`")
      }
      let predicate = try reader.value("predicate")
      try checkVersions(predicate)
      let manifest: Manifest
      do { manifest = try Manifest(json: predicate) } catch {
        throw schema("predicate.\(error.path)", error.expected, error.got)
      }
      try checkSubject(try reader.objects("subject"), manifest)
      try reader.finish()
      return manifest
    } catch let error as PackVerificationError.Reason {
      throw error
    } catch let error as JSONSyntaxError {
      throw .statement("it is not JSON at byte \(error.offset): \(error.reason)")
    } catch let error as JSONSchemaError {
      throw schema(error.path, error.expected, error.got)
    } catch {
      throw .statement("\(error)")
    }
  }

  private static func schema(
    _ path: String, _ expected: String, _ got: String
  ) -> PackVerificationError.Reason {
    .manifest(path: escaped(path), expected: expected, got: got)
  }

  private static func checkVersions(
    _ predicate: JSONValue
  ) throws(PackVerificationError.Reason) {
    let versions = [
      ("formatVersion", Manifest.knownFormatVersion), ("specVersion", Manifest.knownSpecVersion),
      ("gateVersion", Manifest.knownGateVersion),
    ]
    for (field, known) in versions {
      if case .integer(let version) = predicate[field], version > Int64(known) {
        throw .newerFormat(field: field, got: "\(version)", known: "\(known)")
      }
    }
    guard case .array(let features) = predicate["features"] else { return }
    for case .string(let feature) in features where !Manifest.knownFeatures.contains(feature) {
      throw .unknownFeature(escaped(feature))
    }
  }

  private static func checkSubject(
    _ subjects: [JSONReader], _ manifest: Manifest
  ) throws(JSONSchemaError) {
    guard subjects.count == manifest.entries.count else {
      throw JSONSchemaError(
        path: "subject", expected: "the \(manifest.entries.count) entries of the manifest",
        got: "\(subjects.count)")
    }
    for (source, entry) in zip(subjects, manifest.entries) {
      var subject = source
      var digest = try subject.object("digest")
      let name = try subject.string("name")
      let hex = try digest.string("sha256")
      guard name.utf8.elementsEqual(entry.name.utf8) else {
        throw JSONSchemaError(
          path: subject.path(of: "name"), expected: "`\(entry.name)`", got: "`\(escaped(name))`")
      }
      guard hex.utf8.elementsEqual(entry.digest.hex.utf8) else {
        throw JSONSchemaError(
          path: digest.path(of: "sha256"), expected: "the manifest's digest \(entry.digest.hex)",
          got: "`\(escaped(hex))`")
      }
      try digest.finish()
      try subject.finish()
    }
  }
}

extension Manifest {
  /// The digest of the pack that this is the manifest of, entries and tensors filled in.
  public var packDigest: Digest { Digest(of: Statement.payload(self)) }
}
