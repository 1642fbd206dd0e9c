import Foundation
import MoEBase
import MoEPackFormat
import MoETestSupport
import Testing

/// Control characters in every text of a signed pack: none reaches a terminal.
///
/// In this version each such pack is refused, and the refusal shows what it refuses. The sample puts three into each text; `MOEPACK_SOAK=1` all of them, and asks more commands.
@Suite struct ControlCharacterTests {
  private static let isSoak = ProcessInfo.processInfo.environment["MOEPACK_SOAK"] == "1"

  /// C0, DEL and C1, and what reorders or breaks a line.
  private static let characters: [Unicode.Scalar] = {
    let values =
      Array(0..<0x20) + Array(0x7F...0x9F) as [UInt32]
      + [0x2028, 0x2029, 0x061C, 0x200E, 0x200F, 0xFEFF] + Array(0x202A...0x202E)
      + Array(0x2066...0x2069)
    return values.compactMap(Unicode.Scalar.init)
  }()

  @Test func `no text of a statement brings a control character to the screen`() throws {
    let bench = try CommandBench()
    try bench.trust()
    let pack = try AlteredPack(
      TinyPack("example/ships", topics: [0], backbone: try bench.backbone))
    let statement = try pack.statement
    let file = bench.directory.path("x.moepack")
    let characters = Self.isSoak ? Self.characters : ["\u{1B}", "\u{9B}", "\u{202E}"]
    let commands: [[String]] =
      Self.isSoak
      ? [["pack", "inspect"], ["verify"], ["info"], ["trust", "explain"]]
      : [["pack", "inspect"], ["verify"]]
    var (texts, shown) = (0, 0)
    try statement.forEachText { path in
      texts += 1
      for character in characters {
        let changed = statement.changing(path[...]) { text in
          var result = String(text.prefix(1))
          result.unicodeScalars.append(character)
          return result + text.dropFirst(1)
        }
        try Data(try pack.archive(signing: changed)).write(to: URL(fileURLWithPath: file))
        for words in commands {
          let result = try bench.run(words: words + [file])
          if result.status == 0 { shown += 1 }
          for text in [result.output, result.messages] {
            let bad = text.unicodeScalars.first { $0 != "\n" && Self.characters.contains($0) }
            #expect(bad == nil, "U+\(String(bad?.value ?? 0, radix: 16)) at \(path), \(words)")
          }
        }
      }
    }
    print("\(characters.count) control characters in \(texts) texts: \(shown) runs showed the pack")
    #expect(texts > 50 && Self.characters.count >= 64)
  }

  @Test func `a label with a control character is refused`() throws {
    let bench = try CommandBench()
    try bench.trust()
    let pack = try AlteredPack(
      TinyPack("example/ships", topics: [0], backbone: try bench.backbone))
    let file = bench.directory.path("x.moepack")
    let statement = try pack.statement
    guard case .array(let tasks)? = statement["predicate"]?["tasks"],
      case .string(let task)? = tasks.first?["name"],
      case .array(let labels)? = tasks.first?["labels"], case .string(let label)? = labels.first
    else { throw BenchFailure("no labels") }
    for character in Self.characters {
      var text = "a"
      text.unicodeScalars.append(character)
      text += "b"
      for field in ["title", "authority", "note"] {
        let document = JSONValue.object([
          JSONMember(
            task, .object([JSONMember(label, .object([JSONMember(field, .string(text))]))]))
        ])
        let changed = statement.replacingEntry(EntryName.labels, with: document.bytes)
        try Data(try pack.archive(signing: changed, labels: document.bytes))
          .write(to: URL(fileURLWithPath: file))
        let result = try bench.run("verify", file)
        #expect(result.status == 65, "\(field), U+\(String(character.value, radix: 16))")
        #expect(result.messages.contains("`labels.json`"), "\(result.messages)")
        #expect(
          !result.messages.unicodeScalars.contains { $0 != "\n" && Self.characters.contains($0) })
      }
    }
  }
}

extension JSONValue {
  /// Calls `body` with the path of every string; keys and indices as texts.
  fileprivate func forEachText(_ path: [String] = [], _ body: ([String]) throws -> Void) rethrows {
    switch self {
    case .string: try body(path)
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        try element.forEachText(path + ["\(index)"], body)
      }
    case .object(let members):
      for member in members { try member.value.forEachText(path + [member.key], body) }
    default: break
    }
  }

  /// The document with the text at a path changed.
  fileprivate func changing(_ path: ArraySlice<String>, _ change: (String) -> String) -> JSONValue {
    guard let first = path.first else {
      guard case .string(let text) = self else { return self }
      return .string(change(text))
    }
    switch self {
    case .array(let elements):
      return .array(
        elements.enumerated().map {
          "\($0)" == first ? $1.changing(path.dropFirst(), change) : $1
        })
    case .object(let members):
      return .object(
        members.map {
          $0.key == first ? JSONMember($0.key, $0.value.changing(path.dropFirst(), change)) : $0
        })
    default: return self
    }
  }

  /// A statement that says of an entry what these bytes are.
  fileprivate func replacingEntry(_ name: String, with bytes: [UInt8]) -> JSONValue {
    let digest = Digest(of: bytes)
    switch self {
    case .array(let elements):
      return .array(elements.map { $0.replacingEntry(name, with: bytes) })
    case .object(let members) where self["name"] == .string(name):
      return .object(
        members.map { member in
          switch (member.key, member.value) {
          case ("size", _): JSONMember("size", .integer(bytes.count))
          case ("digest", .string): JSONMember("digest", .digest(digest))
          case ("digest", .object): JSONMember("digest", ["sha256": .string(digest.hex)])
          default: member
          }
        })
    case .object(let members):
      return .object(
        members.map { JSONMember($0.key, $0.value.replacingEntry(name, with: bytes)) })
    default: return self
    }
  }
}
