import Foundation
import MoEBase
import MoEPackFormat
import Testing

@Suite struct ManifestTests {
  private func reason(_ path: [String], _ value: JSONValue?) throws -> PackVerificationError.Reason?
  {
    try refusal(
      try PackBuilder().archive { $0 = $0.setting(["predicate"] + path, to: value) })?.reason
  }

  @Test func `a manifest reads back as it was written`() throws {
    let manifest = try PackBuilder().completed()
    #expect(try Manifest(json: manifest.json) == manifest)
    #expect(try Manifest(json: JSONValue(parsing: manifest.json.bytes)) == manifest)
  }

  @Test func `a key that is missing is named by its path`() throws {
    let manifest = try PackBuilder().completed().json
    var paths: [[String]] = []
    func collect(_ value: JSONValue, _ path: [String]) {
      switch value {
      case .object(let members) where path.last != "settings":
        for member in members {
          paths.append(path + [member.key])
          collect(member.value, path + [member.key])
        }
      case .array(let elements):
        for (index, element) in elements.enumerated().prefix(1) {
          collect(element, path + ["\(index)"])
        }
      default: break
      }
    }
    collect(manifest, [])
    #expect(paths.count > 60)
    for path in paths {
      #expect(throws: JSONSchemaError.self, "\(path) missing") {
        try Manifest(json: manifest.setting(path, to: nil))
      }
      let wrong: [JSONValue] = [
        .array([.null]), .object([JSONMember("x", 1)]), 1e300, -1e300, "\u{7}",
      ]
      for value in wrong where path.last != "settings" || value["x"] == nil {
        #expect(throws: JSONSchemaError.self, "\(path) as \(value.text)") {
          try Manifest(json: manifest.setting(path, to: value))
        }
      }
      let object = manifest.setting(path + ["unheardOf"], to: 1)
      if object != manifest, path.last != "settings" {
        #expect(throws: JSONSchemaError.self, "an unknown key in \(path)") {
          try Manifest(json: object)
        }
      }
    }
    #expect(throws: JSONSchemaError.self) { try Manifest(json: manifest.setting(["x"], to: 1)) }
    #expect(throws: JSONSchemaError.self) { try Manifest(json: []) }
  }

  @Test func `a newer pack is refused as newer, whatever else is new in it`() throws {
    for field in ["formatVersion", "specVersion", "gateVersion"] {
      let archive = try PackBuilder().archive {
        $0 = $0.setting(["predicate", field], to: 2).setting(["predicate", "novel"], to: 1)
      }
      #expect(try refusal(archive)?.reason == .newerFormat(field: field, got: "2", known: "1"))
      #expect(try refusal(archive)?.exitCode == .badData)
    }
    #expect(
      try reason(["features"], ["classify", "rank\u{1B}"]) == .unknownFeature("rank\\u{1b}"))
    let newer = try PackBuilder().archive {
      $0 = $0.setting(["predicateType"], to: "urn:moe-pack:manifest:2")
    }
    #expect(try refusal(newer)?.code == "pack-newer-format")
  }

  @Test func `cross-references are held`() throws {
    func path(_ path: [String], _ value: JSONValue?) throws -> String? {
      guard case .manifest(let path, _, _) = try reason(path, value) else { return nil }
      return path
    }
    #expect(try path(["features"], []) == "predicate.features")
    #expect(try path(["features"], ["classify", "classify"]) == "predicate.features")
    #expect(try path(["experts", "layers"], [5, 4]) == "predicate.experts.layers")
    #expect(try path(["experts", "layers"], [4, 4]) == "predicate.experts.layers")
    #expect(try path(["experts", "topK"], 3) == "predicate.experts.topK")
    #expect(try path(["experts", "activation"], "relu") == "predicate.experts.activation")
    #expect(
      try path(["experts", "utilization"], [["shares": [0.5, 0.5], "entropy": 0.5]])
        == "predicate.experts.utilization")
    #expect(
      try path(["experts", "utilization", "1", "shares"], [1]) == "predicate.experts.utilization")
    #expect(
      try path(["experts", "utilization", "1", "shares"], [0.5, 1.5])
        == "predicate.experts.utilization[1].shares[1]")
    #expect(
      try path(["experts", "utilization", "0", "entropy"], -1)
        == "predicate.experts.utilization[0].entropy")
    #expect(
      try path(["tasks", "0", "labels"], ["a", "b", "a"]) == "predicate.tasks[0].labels[2]")
    #expect(try path(["tasks", "0", "labels"], ["a", " b", "c"]) == "predicate.tasks[0].labels")
    #expect(try path(["tasks", "0", "labels"], []) == "predicate.tasks[0].labels")
    #expect(try path(["tasks", "0", "kind"], "rank") == "predicate.tasks[0].kind")
    #expect(try path(["evals", "0", "task"], "other") == "predicate.evals[0].task")
    #expect(try path(["evals", "0", "entry"], "evals/x.jsonl") == "predicate.evals[0].entry")
    #expect(try path(["evals", "0", "value"], 0.5) == "predicate.evals[0].value")
    #expect(try path(["evals", "0", "none"], 0) == "predicate.evals[0].routing")
    #expect(try path(["evals", "0", "routing", "auroc"], .null) == "predicate.evals[0].routing")
    #expect(try path(["about", "asOf"], "2026-02-29") == "predicate.about.asOf")
    #expect(try path(["about", "asOf"], "2024-02-29") == nil)
    #expect(try path(["dispatcher", "temperature"], 0) == "predicate.dispatcher.temperature")
    #expect(try path(["overlaps"], ["a/b", "a/b"]) == "predicate.overlaps")
    #expect(try path(["summary"], "x\u{202E}y") == "predicate.summary")
    #expect(try path(["version"], "1.0") == "predicate.version")
    #expect(try path(["pack"], "Example/ships") == "predicate.pack")
    #expect(try path(["dispatcher", "rows"], 4) == "predicate.tensors[16]")
    #expect(try path(["tensors", "0", "dtype"], "F16") == "predicate.tensors[0]")
    #expect(try path(["tensors", "0"], nil) == "predicate.tensors[0]")
    #expect(try path(["entries", "0", "name"], "x") == "predicate.entries[0].name")
    #expect(try path(["entries", "0", "mediaType"], "x/y") == "predicate.entries[0].mediaType")
    #expect(try path(["entries", "0"], nil) == "predicate.entries[0].name")
    #expect(try path(["entries", "0", "size"], 1_099_511_627_776) == "predicate.entries[0].size")
  }

  @Test func `the statement's subject is the list of entries`() throws {
    func path(_ path: [String], _ value: JSONValue?) throws -> String? {
      let archive = try PackBuilder().archive { $0 = $0.setting(path, to: value) }
      guard case .manifest(let path, _, _) = try refusal(archive)?.reason else { return nil }
      return path
    }
    let zeros = JSONValue.string(String(repeating: "0", count: 64))
    #expect(try path(["subject", "1", "digest", "sha256"], zeros) == "subject[1].digest.sha256")
    #expect(try path(["subject", "1", "name"], "x") == "subject[1].name")
    #expect(try path(["subject", "1"], nil) == "subject")
    #expect(try path(["subject", "1", "digest", "md5"], "x") == "subject[1].digest.md5")
    #expect(try path(["_type"], "x") == "_type")
    #expect(try path(["predicateType"], "x") == "predicateType")
    #expect(try path(["extra"], "x") == "extra")
    let broken = try PackBuilder().archive(signing: Array("{".utf8))
    #expect(try refusal(broken)?.code == "pack-manifest")
  }

  @Test func `names and versions have their grammar`() throws {
    for good in ["a/b", "example/sg-maritime-law", "0/0", String(repeating: "a", count: 39) + "/b"]
    {
      #expect(PackName(good)?.description == good)
    }
    for bad in [
      "", "a", "a/", "/b", "a/b/c", "A/b", "a/B", "-a/b", "a/-b", "a_b/c", "a/b.c", "a /b", "á/b",
      String(repeating: "a", count: 40) + "/b", "a/" + String(repeating: "b", count: 64),
    ] { #expect(PackName(bad) == nil, "\(bad)") }

    // semver.org §11, in order.
    let order = [
      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
      "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
    ]
    let versions = order.compactMap { SemanticVersion($0) }
    #expect(versions.map(\.description) == order)
    for (left, right) in zip(versions, versions.dropFirst()) {
      #expect(left < right)
      #expect(!(right < left))
    }
    #expect(SemanticVersion("1.0.0+b.001")?.description == "1.0.0+b.001")
    #expect(SemanticVersion("1.0.0-x-y.z+a-b")?.description == "1.0.0-x-y.z+a-b")
    for bad in [
      "", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "v1.0.0",
      "1.0.0 ", "1.0.-1", "1.0.99999999999999999999", "1.0.0-é",
    ] { #expect(SemanticVersion(bad) == nil, "\(bad)") }
  }
}
