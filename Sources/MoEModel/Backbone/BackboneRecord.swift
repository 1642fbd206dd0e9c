import Foundation
import MoEBase

/// What is written down of a language model when it is registered: `backbone.json` in its directory.
///
/// The weight files are not kept: their panels are. `panels` is the digest of that file, which `backbone info`
/// holds it to.
struct BackboneRecord {
  /// The file's name.
  static let name = "backbone.json"

  /// The backbone, with the digests of the files it was made from.
  let known: KnownBackbone
  /// The digest of ``PanelFile``.
  let panels: Digest

  /// The record as it is written.
  var json: JSONValue {
    [
      "formatVersion": 1, "name": .string(known.name), "source": .string(known.source),
      "license": .string(known.license), "panels": .digest(panels),
      "files": .object(
        known.files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
          .map { JSONMember($0.key, .digest($0.value)) }),
    ]
  }

  init(known: KnownBackbone, panels: Digest) {
    self.known = known
    self.panels = panels
  }

  /// Reads the record of a backbone's directory; `nil` where there is none.
  ///
  /// - Throws: ``BackboneError`` where it is not one.
  init?(_ files: BackboneFiles) throws {
    guard FileManager.default.fileExists(atPath: files.url(Self.name).path) else { return nil }
    do {
      var reader = try JSONReader(try files.json(Self.name))
      _ = try reader.integer("formatVersion", in: 1...1)
      var digests: [String: Digest] = [:]
      var list = try reader.object("files")
      for key in list.keys { digests[key] = try list.digest(key) }
      known = KnownBackbone(
        name: try reader.string("name"), source: try reader.string("source"),
        license: try reader.string("license"), files: digests, profileDigest: nil, kind: .decoder)
      panels = try reader.digest("panels")
      try reader.finish()
    } catch let error as JSONSchemaError {
      throw BackboneError.badConfiguration(
        file: Self.name, path: error.path, expected: error.expected, got: error.got)
    }
  }

  /// Whether a name can be a backbone's: what `pack.yaml` and commands say.
  static func isName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    func isPlain(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    return (1...64).contains(bytes.count) && isPlain(bytes[0])
      && bytes.allSatisfy { isPlain($0) || [0x2D, 0x2E, 0x5F].contains($0) }
  }
}
