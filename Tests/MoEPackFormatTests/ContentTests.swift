import Foundation
import MoEBase
import MoEPackFormat
import SafeTensors
import Testing

/// Packs that are signed and whole, and whose contents are bad: the vendor's own doing.
@Suite struct ContentTests {
  /// An archive whose entry is replaced, the signed list put right so that only the content lies.
  private func archive(_ entry: PackEntry) throws -> [UInt8] {
    var builder = PackBuilder()
    var manifest = try builder.completed()
    builder.replace(entry)
    manifest.entries = manifest.entries.map {
      guard $0.name == entry.name else { return $0 }
      return Manifest.Entry(
        name: $0.name, size: entry.bytes.count, digest: Digest(of: entry.bytes),
        mediaType: $0.mediaType)
    }
    let envelope = Envelope(signing: try builder.payload(manifest), with: builder.keys)
    let parts = manifest.entries.compactMap { listed in
      builder.entries.first { $0.name == listed.name }
    }
    return try PackWriter.archive(
      [PackEntry(name: EntryName.envelope, bytes: envelope.bytes)] + parts)
  }

  @Test func `a value that is not finite is refused wherever it stands`() throws {
    for entry in [EntryName.experts, EntryName.router, EntryName.heads] {
      for bad: Float in [.nan, .infinity, -.infinity] {
        var count = 0
        let poisoned = PackBuilder.tensors(entry) { values, _ in
          count += 1
          if count == 2 { values[values.count - 1] = bad }
        }
        let error = try refusal(try archive(poisoned))
        #expect(error?.code == "pack-non-finite")
        #expect(error?.exitCode == .badData)
        #expect(error?.message.contains("holds a value that is not finite at element") == true)
      }
    }
  }

  @Test func `tensors that the manifest does not have, or has otherwise, are refused`() throws {
    func reason(_ change: (inout SafeTensorsWriter) -> Void) throws -> SafeTensorsError.Reason? {
      var writer = SafeTensorsWriter()
      change(&writer)
      let entry = PackEntry(name: EntryName.heads, bytes: writer.bytes())
      guard case .tensors(let error) = try refusal(try archive(entry))?.reason else { return nil }
      return error.reason
    }
    let width = PackBuilder.featureWidth
    let weight = [Float](repeating: 1, count: 3 * width)
    #expect(
      try reason { $0.add("issue.weight", shape: [3, width], floats: weight) }
        == .missingTensor(name: "issue.bias"))
    #expect(
      try reason {
        $0.add("issue.weight", shape: [3, width], floats: weight)
        $0.add("issue.bias", shape: [3], floats: [1, 2, 3])
        $0.add("trojan", shape: [1], floats: [1])
      } == .extraTensor(name: "trojan"))
    #expect(
      try reason {
        $0.add("issue.weight", shape: [width, 3], floats: weight)
        $0.add("issue.bias", shape: [3], floats: [1, 2, 3])
      }
        == .differentTensor(
          name: "issue.weight", expected: "F32 [3, \(width)]", got: "F32 [\(width), 3]"))
    #expect(
      try reason {
        $0.add("issue.weight", shape: [3, width], floats: weight)
        $0.add("issue.bias", shape: [3], doubles: [1, 2, 3])
      } == .differentTensor(name: "issue.bias", expected: "F32 [3]", got: "F64 [3]"))
    let garbage = PackEntry(name: EntryName.heads, bytes: Array("not tensors at all".utf8))
    #expect(try refusal(try archive(garbage))?.code == "pack-tensors")
  }

  @Test func `labels have to be those of the manifest`() throws {
    func error(_ text: String) throws -> PackVerificationError? {
      try refusal(try archive(PackEntry(name: EntryName.labels, bytes: Array(text.utf8))))
    }
    #expect(try error("{}") == nil)
    #expect(try error(#"{"issue":{}}"#) == nil)
    #expect(try error(#"{"issue":{"Über-Fracht?":{"title":"x"}}}"#) == nil)
    for bad in [
      "", "[]", #"{"other":{}}"#, #"{"issue":{"piracy":{"title":"x"}}}"#, #"{"issue":[]}"#,
      #"{"issue":{"U\u0308ber-Fracht?":{"title":"x"}}}"#, #"{"issue":{"arrest":{}}}"#,
      #"{"issue":{"arrest":{"title":""}}}"#, #"{"issue":{"arrest":{"title":"x","more":1}}}"#,
      #"{"issue":{"arrest":{"title":"\u001b[31mx"}}}"#, #"{"issue":{"arrest":{"title":1}}}"#,
      #"{"issue":{"arrest":{"title":"x","authority":""}}}"#, #"{"issue":{},"issue":{}}"#,
    ] { #expect(try error(bad)?.code == "pack-labels", "\(bad)") }
  }

  @Test func `a label catalog reads back as it was written, sorted by bytes`() throws {
    var catalog = LabelCatalog()
    catalog["b", "z"] = LabelCatalog.Label(title: "Z", note: "n")
    catalog["b", "é"] = LabelCatalog.Label(title: "composed")
    catalog["b", "e\u{301}"] = LabelCatalog.Label(title: "decomposed")
    catalog["a", "y"] = LabelCatalog.Label(title: "Y", authority: "s 1")
    let again = try LabelCatalog(json: JSONValue(parsing: catalog.bytes))
    #expect(again == catalog)
    #expect(again["b", "é"]?.title == "composed")
    #expect(again["b", "e\u{301}"]?.title == "decomposed")
    #expect(again["c", "z"] == nil)
    let start = #"{"a":{"y":{"title":"Y","authority":"s 1"}},"b":{"e"#
    #expect(catalog.bytes.starts(with: start.utf8))
  }

  @Test func `control characters never reach a terminal by way of an error`() throws {
    for control in Array(UInt32(0)..<0x20) + Array(0x7F..<0xA0) + [0x2028, 0x202E, 0x2066] {
      guard let scalar = Unicode.Scalar(control) else { continue }
      let hostile = "x\(scalar)y"
      #expect(!isShownText(hostile, atMost: 100))
      let texts = [
        PackVerificationError(hostile, .notFound).description,
        PackVerificationError("p", .unknownKey(claims: [hostile], required: 1)).description,
      ]
      for text in texts {
        let controls = text.unicodeScalars.filter { $0 == scalar && $0 != "\n" }
        #expect(controls.isEmpty)
      }
      let signed = try PackBuilder().archive {
        $0 = $0.setting(["predicate", "summary"], to: .string(hostile))
      }
      let message = try #require(try refusal(signed)?.message)
      #expect(!message.unicodeScalars.contains(scalar))
    }
  }

  @Test func `what cannot be written says what, where and why`() throws {
    try withDirectory { directory in
      let none = directory.appendingPathComponent("none")
      let builder = PackBuilder()
      #expect(
        throws: PackVerificationError(
          "x",
          .notWritable(
            .staging(directory: none.path), cause: "No such file or directory", isFull: false))
      ) {
        try UnverifiedPack(bytes: try builder.archive(), name: "x")
          .verified(by: PackBuilder.trust, staging: none)
      }
    }
  }
}
