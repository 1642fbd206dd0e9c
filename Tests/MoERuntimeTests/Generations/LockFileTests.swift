import Foundation
import MoEBase
import MoERuntime
import Testing

@Suite struct LockFileTests {
  private static let digest = "sha256:" + String(repeating: "a", count: 64)

  private static func document(_ change: (String) -> String = { $0 }) -> [UInt8] {
    let text = """
      {"lockVersion": 1, "backbone": {"name": "tiny", "digest": "\(digest)"}, "profile": null,
       "gateVersion": 1, "threshold": 0.5, "precision": "f32", "composition": "\(digest)",
       "packs": [{"pack": "example/a", "version": "1.0.0", "release": 1, "digest": "\(digest)"},
                 {"pack": "example/b", "version": "1.0.0", "release": 2, "digest": "\(digest)"}]}
      """
    return Array(change(text).utf8)
  }

  @Test func `what is written reads the same, and is written the same`() throws {
    let lock = try LockFile(parsing: Self.document(), file: "moepack.lock")
    #expect(lock.packs.map(\.label) == ["example/a 1.0.0", "example/b 1.0.0"])
    #expect(lock.profile == nil && lock.threshold == 0.5)
    let again = try LockFile(parsing: Array(lock.text.utf8), file: "moepack.lock")
    #expect(again == lock && again.text == lock.text && lock.text.hasSuffix("}\n"))
  }

  @Test(arguments: [
    ("\"lockVersion\": 1", "\"lockVersion\": 0", "lockVersion"),
    ("\"threshold\": 0.5", "\"threshold\": 1", "threshold"),
    ("\"precision\": \"f32\"", "\"precision\": \"f16\"", "precision"),
    ("\"threshold\": 0.5", "\"threshold\": 0", "threshold"),
    ("\"profile\": null,", "", "profile"),
    ("\"profile\": null", "\"profile\": \"x\"", "profile"),
    ("\"release\": 2", "\"release\": \"2\"", "packs[1].release"),
    ("example/b", "example/a", "packs"),
    ("example/a", "example/c", "packs"),
    ("example/a", "../a", "packs[0].pack"),
    ("\"gateVersion\": 1", "\"gateVersion\": 1, \"more\": 2", "more"),
    ("\"name\": \"tiny\"", "\"name\": \"t\\u001b\"", "backbone.name"),
    ("{\"lockVersion\"", "[{\"lockVersion\"", "the document"),
  ])
  func `anything else is refused at its place`(what: String, instead: String, path: String) {
    let bytes = Self.document { text in
      guard let range = text.range(of: what) else { return text }
      return text.replacingCharacters(in: range, with: instead)
    }
    let error = #expect(throws: LockError.self) { try LockFile(parsing: bytes, file: "f") }
    guard case .malformed("f", let place, _, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(place == path)
    #expect(error?.exitCode == .badData)
  }

  @Test func `a newer lock file is named as such`() {
    let bytes = Self.document { $0.replacing("\"lockVersion\": 1", with: "\"lockVersion\": 2") }
    #expect(throws: LockError.newer(file: "f", version: 2, known: 1)) {
      try LockFile(parsing: bytes, file: "f")
    }
  }

  @Test func `every sentence says what, where, expected and got, and what to do`() {
    let digest = Digest(of: [1])
    for error in [
      LockError.missing(file: "f"), .malformed(file: "f", path: "p", expected: "e", got: "g"),
      .newer(file: "f", version: 2, known: 1),
      .otherGround(what: "backbone", locked: "a", got: "b"),
      .packMissing(pack: "example/a 1.0.0", digest: digest, places: 2),
      .packDiffers(pack: "example/a 1.0.0", locked: digest, file: "f", got: digest),
      .otherComposition(locked: digest, got: digest),
    ] {
      #expect(error.message.contains("expected") && !error.message.hasSuffix("."), "\(error)")
      #expect(error.hint.hasPrefix("nothing was changed; "), "\(error)")
      #expect(error.code.hasPrefix("lock-"))
    }
  }
}
