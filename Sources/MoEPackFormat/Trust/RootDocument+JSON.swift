public import MoEBase

extension RootDocument {
  /// The payload that is signed.
  var payload: [UInt8] { json.bytes }

  /// The document as JSON.
  public var json: JSONValue {
    [
      "formatVersion": .integer(Self.knownFormatVersion),
      "version": .integer(version),
      "expires": .string(expires),
      "root": ["threshold": .integer(rootThreshold), "keys": .array(rootKeys.map(Self.json))],
      "namespaces": .array(
        rules.map { rule in
          [
            "namespace": .string(rule.namespaces.description),
            "level": .string(rule.level.rawValue),
            "threshold": .integer(rule.threshold), "keys": .array(rule.keys.map(Self.json)),
          ]
        }),
      "revoked": .array(
        revocations.map { revocation in
          let subject =
            switch revocation.subject {
            case .key(let key): JSONMember("key", Self.json(key))
            case .digest(let digest): JSONMember("digest", .digest(digest))
            }
          return .object([subject, JSONMember("reason", .string(revocation.reason))])
        }),
    ]
  }

  private static func json(_ key: PublicKey) -> JSONValue { .string(key.line) }

  /// Reads a payload strictly.
  ///
  /// - Throws: ``TrustError/Reason``.
  init(parsing payload: [UInt8]) throws(TrustError.Reason) {
    do {
      let value = try JSONValue(
        parsing: payload, limits: JSONLimits(depth: 6, values: 200_000))
      if case .integer(let version)? = value["formatVersion"], version > Self.knownFormatVersion {
        throw TrustError.Reason.newerFormat(got: "\(version)")
      }
      try self.init(reading: value)
    } catch let error as TrustError.Reason {
      throw error
    } catch let error as JSONSyntaxError {
      throw .malformed("it is not JSON at byte \(error.offset): \(error.reason)")
    } catch let error as JSONSchemaError {
      throw .malformed("`\(escaped(error.path))`: expected \(error.expected), got \(error.got)")
    } catch {
      throw .malformed("\(error)")
    }
    try check()
  }

  private init(reading value: JSONValue) throws(JSONSchemaError) {
    var reader = try JSONReader(value)
    _ = try reader.integer("formatVersion", in: 1...1)
    version = try reader.integer("version", in: 1...(1 << 53))
    expires = try reader.string("expires")
    var root = try reader.object("root")
    rootThreshold = try root.integer("threshold", in: 1...DSSEEnvelope.mostSignatures)
    rootKeys = try root.publicKeys("keys")
    try root.finish()
    var rules: [NamespaceRule] = []
    for source in try reader.objects("namespaces") { rules.append(try NamespaceRule(source)) }
    self.rules = rules
    var revocations: [Revocation] = []
    for source in try reader.objects("revoked") { revocations.append(try Revocation(source)) }
    self.revocations = revocations
    try reader.finish()
  }

  /// Refuses a document that cannot stand.
  ///
  /// - Throws: ``TrustError`` naming `source`.
  public func checked(source: String) throws(TrustError) {
    do throws(TrustError.Reason) { try check() } catch { throw TrustError(source, error) }
  }

  private func check() throws(TrustError.Reason) {
    guard isTimestamp(Array(expires.utf8)) else {
      throw .malformed(
        "`expires`: expected a time `2027-01-31T00:00:00Z`, got `\(escaped(expires))`")
    }
    guard Set(rootKeys).count == rootKeys.count, (1...64).contains(rootKeys.count) else {
      throw .malformed("`root.keys`: expected 1 to 64 keys, none twice, got \(rootKeys.count)")
    }
    guard (1...min(rootKeys.count, DSSEEnvelope.mostSignatures)).contains(rootThreshold) else {
      throw .malformed(
        "`root.threshold`: expected 1 to \(min(rootKeys.count, DSSEEnvelope.mostSignatures)), as many as "
          + "there are root keys, got \(rootThreshold)")
    }
    guard rules.count <= 1024, Set(rules.map(\.namespaces)).count == rules.count else {
      throw .malformed("`namespaces`: expected at most 1024, none twice, got \(rules.count)")
    }
    let revokedKeys = revocations.compactMap { revocation -> PublicKey? in
      if case .key(let key) = revocation.subject { key } else { nil }
    }
    guard revocations.count <= 16_384,
      Set(revocations.map(\.subject)).count == revocations.count
    else {
      throw .malformed("`revoked`: expected at most 16384, none twice, got \(revocations.count)")
    }
    for rule in rules where Set(rule.keys).count != rule.keys.count || rule.keys.count > 64 {
      throw .malformed("`\(rule.namespaces)`: expected at most 64 keys, none twice")
    }
    let signing = Set(rules.flatMap(\.keys))
    // Each is tried with each signature of a pack.
    guard signing.union(revokedKeys).count <= 1024 else {
      throw .malformed("expected at most 1024 different keys in `namespaces` and `revoked`")
    }
    let inUse = signing.union(rootKeys)
    if let key = revokedKeys.first(where: inUse.contains) {
      throw .malformed("key `\(key.id)`: expected one that is not revoked where keys are trusted")
    }
  }
}

extension NamespaceRule {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    let pattern = try reader.string("namespace")
    guard let namespaces = NamespacePattern(pattern),
      namespaces.description.utf8.elementsEqual(pattern.utf8)
    else {
      throw JSONSchemaError(
        path: reader.path(of: "namespace"), expected: "`*` or a namespace with `/*`",
        got: "`\(escaped(pattern))`")
    }
    let word = try reader.string("level")
    guard let level = TrustLevel(rawValue: word), level.rawValue.utf8.elementsEqual(word.utf8)
    else {
      throw JSONSchemaError(
        path: reader.path(of: "level"), expected: "`enforce`, `warn` or `off`",
        got: "`\(escaped(word))`")
    }
    let threshold = try reader.integer("threshold", in: 1...DSSEEnvelope.mostSignatures)
    self.init(
      namespaces, keys: try reader.publicKeys("keys"), threshold: threshold, level: level)
    try reader.finish()
  }
}

extension Revocation {
  fileprivate init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    let subject: Subject
    if reader.keys.contains(where: { $0.utf8.elementsEqual("key".utf8) }) {
      subject = .key(try reader.publicKey("key"))
    } else {
      subject = .digest(try reader.digest("digest"))
    }
    let reason = try reader.string("reason")
    guard reason.isEmpty || isShownText(reason, atMost: 300) else {
      throw JSONSchemaError(
        path: reader.path(of: "reason"),
        expected: "one line of at most 300 bytes without control characters", got: "another text")
    }
    self.init(subject, reason: reason)
    try reader.finish()
  }
}

extension JSONReader {
  fileprivate mutating func publicKey(_ key: String) throws(JSONSchemaError) -> PublicKey {
    let text = try string(key)
    guard let result = PublicKey(line: text) else {
      throw JSONSchemaError(
        path: path(of: key), expected: "`\(PublicKey.form)<base64>`", got: "`\(escaped(text))`")
    }
    return result
  }

  fileprivate mutating func publicKeys(_ key: String) throws(JSONSchemaError) -> [PublicKey] {
    var keys: [PublicKey] = []
    for (index, text) in try strings(key).enumerated() {
      guard let result = PublicKey(line: text) else {
        throw JSONSchemaError(
          path: "\(path(of: key))[\(index)]", expected: "`\(PublicKey.form)<base64>`",
          got: "`\(escaped(text))`")
      }
      keys.append(result)
    }
    return keys
  }
}

/// Whether the bytes are `YYYY-MM-DDTHH:MM:SSZ`, a time that the calendar has.
func isTimestamp(_ bytes: [UInt8]) -> Bool {
  guard bytes.count == 20, isDate(Array(bytes[..<10])), bytes[10] == UInt8(ascii: "T"),
    bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"), bytes[19] == UInt8(ascii: "Z")
  else { return false }
  func number(_ offset: Int) -> Int? {
    var value = 0
    for byte in bytes[offset..<offset + 2] {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
  guard let hour = number(11), let minute = number(14), let second = number(17) else {
    return false
  }
  return hour < 24 && minute < 60 && second < 60
}
