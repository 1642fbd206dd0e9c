import Foundation
import MoEBase
import MoEPackFormat
import MoETestSupport

/// A tiny pack's archive with something done to its envelope, the rest being whole.
struct AlteredPack {
  private let manifest: Manifest
  private let parts: [PackEntry]

  init(_ pack: TinyPack) throws {
    let writer = PackWriter(keys: [TinyPack.key])
    let manifest = try writer.completed(pack.manifest, entries: pack.entries)
    self.manifest = manifest
    parts = manifest.entries.compactMap { entry in
      pack.entries.first { $0.name == entry.name }
    }
  }

  /// The statement, as the writer makes it.
  private var payload: [UInt8] {
    let subject = manifest.entries.map {
      #"{"name":"\#($0.name)","digest":{"sha256":"\#($0.digest.hex)"}}"#
    }
    return Array(
      (#"{"_type":"https://in-toto.io/Statement/v1","subject":[\#(subject.joined(separator: ","))],"#
        + #""predicateType":"urn:moe-pack:manifest:1","predicate":\#(manifest.json.text)}"#).utf8)
  }

  /// The statement as JSON.
  var statement: JSONValue {
    get throws { try JSONValue(parsing: payload) }
  }

  /// The archive with another statement, signed for real; `labels` stands for `labels.json` where it is
  /// given.
  func archive(signing statement: JSONValue, labels: [UInt8]? = nil) throws -> [UInt8] {
    let envelope = Envelope(signing: statement.bytes, with: [TinyPack.key]).bytes
    return try PackWriter.archive(
      [PackEntry(name: EntryName.envelope, bytes: envelope)]
        + parts.map { part in
          PackEntry(
            name: part.name,
            bytes: part.name == EntryName.labels ? labels ?? part.bytes : part.bytes)
        })
  }

  /// The archive with the envelope's JSON text changed.
  func archive(_ change: (String) -> String) throws -> [UInt8] {
    let envelope = Envelope(signing: payload, with: [TinyPack.key]).bytes
    let text = change(String(decoding: envelope, as: UTF8.self))
    return try PackWriter.archive(
      [PackEntry(name: EntryName.envelope, bytes: Array(text.utf8))] + parts)
  }

  /// The archive whose signatures are these.
  func archive(signatures: String) throws -> [UInt8] {
    try archive { text in
      guard let start = text.range(of: #""signatures":["#) else { return text }
      return text[..<start.upperBound] + signatures + "]}"
    }
  }
}
