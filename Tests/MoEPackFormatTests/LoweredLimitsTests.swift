import MoEBase
import MoEPackFormat
import SafeTensors
import Testing

@Suite struct LoweredLimitsTests {
  static let keys = [
    "entries", "totalBytes", "envelopeBytes", "windowBytes", "expansionFloorBytes",
    "expansionFactor", "tensorsFloorBytes", "tensorsFactor", "labelsBytes", "tensorHeaderBytes",
    "tensors", "tensorNameBytes", "tensorRank",
  ]

  private func limits(_ json: JSONValue) throws(JSONSchemaError) -> ArchiveLimits {
    try ArchiveLimits(lowering: try JSONReader(json))
  }

  @Test func `without a key, a limit is the specification's`() throws {
    let limits = try limits([:])
    #expect(limits.entries == 4096 && limits.totalBytes == 64 << 30)
    #expect(limits.tensors.headerBytes == 16 << 20 && !limits.tensors.allowsEmptyTensors)
  }

  @Test(arguments: keys)
  func `a limit can be lowered, and never raised or switched off`(key: String) throws {
    _ = try limits(.object([JSONMember(key, 1)]))
    for value: JSONValue in [0, -1, 9_223_372_036_854_775_807, 1.0, "1", true, .null] {
      let error = #expect(throws: JSONSchemaError.self) {
        _ = try limits(.object([JSONMember(key, value)]))
      }
      #expect(error?.path == key)
    }
  }

  @Test func `a key that is not known is refused by its name`() throws {
    let error = #expect(throws: JSONSchemaError.self) { _ = try limits(["entrys": 1]) }
    #expect(error?.path == "entrys")
  }

  @Test func `a lowered limit is held`() throws {
    let bytes = try PackBuilder().archive()
    // These four lower what the archive's own size allows, which is enough for so small a pack.
    let relative = ["expansionFloorBytes", "expansionFactor", "tensorsFloorBytes", "tensorsFactor"]
    for key in Self.keys where !relative.contains(key) {
      let code = try refusal(bytes, limits: try limits(.object([JSONMember(key, 1)])))?.code
      #expect(code == "pack-limit" || code == "pack-tensors", "\(key): \(code ?? "accepted")")
    }
    let expansion = try limits(["expansionFloorBytes": 1, "expansionFactor": 1])
    #expect(try refusal(bytes, limits: expansion)?.code == "pack-limit")
  }
}
