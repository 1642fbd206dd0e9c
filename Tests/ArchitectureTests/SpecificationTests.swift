import Foundation
import Testing

/// Holds what SPEC.md repeats from the source to the source.
@Suite struct SpecificationTests {
  static let root = ImportFloorTests.sources.deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  @Test func `every pinned digest stands in the specification`() throws {
    let source = try Self.text("Sources/MoEModel/Backbone/BackboneFiles.swift")
    let specification = try Self.text("SPEC.md")
    let digests = source.split { !$0.isHexDigit }.filter { $0.utf8.count == 64 }
    try #require(digests.count >= 5)
    for digest in digests { #expect(specification.contains(digest), "\(digest)") }
  }

  @Test func `every exit code stands in the specification`() throws {
    let source = try Self.text("Sources/MoEBase/ActionableError.swift")
    let specification = try Self.text("SPEC.md")
    let codes = source.split(whereSeparator: \.isNewline).compactMap { line -> Int? in
      let words = line.split(separator: " ")
      guard words.count == 4, words[0] == "case", words[2] == "=" else { return nil }
      return Int(words[3])
    }
    try #require(codes.count >= 12)
    for code in codes { #expect(specification.contains("\n| \(code) | "), "\(code)") }
  }

  @Test func `the versions are those of the manifest`() throws {
    let source = try Self.text("Sources/MoEPackFormat/Manifest/Manifest.swift")
    let specification = try Self.text("SPEC.md")
    for version in ["formatVersion", "specVersion", "gateVersion"] {
      let known = "known\(version.prefix(1).uppercased())\(version.dropFirst()) = "
      let number = try #require(source.range(of: known)).upperBound
      let digits = source[number...].prefix { $0.isNumber }
      #expect(specification.contains("`\(version): \(digits)`"))
    }
  }
}
