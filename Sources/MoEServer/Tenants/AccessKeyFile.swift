public import Foundation
import MoEBase

/// The keys of a server: a JSON file that holds the digests of keys, never the keys.
///
/// ```
/// {"keys": [{"id": "acme", "hash": "sha256:…", "role": "tenant",
///            "allow": [{"packs": ["acme/*"], "regions": ["EU"], "kinds": ["classify"]}]}]}
/// ```
public struct AccessKeyFile: Sendable, Equatable {
  /// The keys, in the order of the file.
  public private(set) var keys: [AccessKey]

  /// Starts without keys: nobody may ask anything.
  public init(keys: [AccessKey] = []) { self.keys = keys }

  /// Reads a file.
  ///
  /// - Throws: ``ServerError``.
  public init(file: URL) throws(ServerError) {
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw .keysFile(path: file.path, expected: "a file that can be read", got: "none")
    }
    do {
      var reader = try JSONReader(
        try JSONValue(parsing: Array(data), limits: JSONLimits(depth: 8, values: 1_000_000)))
      keys = try reader.objects("keys").map { try AccessKey($0) }
      try reader.finish()
    } catch let error as JSONSyntaxError {
      throw .keysFile(
        path: file.path, expected: "JSON", got: "`\(error.reason)` at byte \(error.offset)")
    } catch let error as JSONSchemaError {
      throw .keysFile(
        path: file.path, expected: "`\(error.path.printable)` to be \(error.expected)",
        got: error.got)
    } catch {
      throw .keysFile(path: file.path, expected: "JSON", got: "\(error)")
    }
    for property in [keys.map(\.id), keys.map(\.hash.description)]
    where Set(property).count < keys.count {
      throw .keysFile(path: file.path, expected: "every id and every hash once", got: "one twice")
    }
  }

  /// Adds a key.
  ///
  /// - Throws: ``ServerError/keyExists(id:)``.
  public mutating func add(_ key: AccessKey) throws(ServerError) {
    guard !keys.contains(where: { $0.id == key.id }) else { throw .keyExists(id: key.id) }
    keys.append(key)
  }

  /// Takes a key away.
  ///
  /// - Throws: ``ServerError/noKey(id:)``.
  public mutating func remove(_ id: String) throws(ServerError) {
    guard let index = keys.firstIndex(where: { $0.id == id }) else { throw .noKey(id: id) }
    keys.remove(at: index)
  }

  /// The file's text.
  public var text: String {
    JSONValue.object([JSONMember("keys", .array(keys.map(\.json)))]).prettyText + "\n"
  }

  /// The key of a text, compared in a time that does not depend on how far it fits.
  func key(of secret: String) -> AccessKey? {
    let digest = Digest(of: Array(secret.utf8))
    var found: AccessKey?
    for key in keys {
      var difference: UInt8 = 0
      for (left, right) in zip(key.hash.bytes, digest.bytes) { difference |= left ^ right }
      if difference == 0 { found = key }
    }
    return found
  }
}
