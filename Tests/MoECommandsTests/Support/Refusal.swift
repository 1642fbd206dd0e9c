import Foundation
import MoEStore
import MoETestSupport
import Testing

/// One thing a person may get wrong, and what the program has to say to it.
struct Refusal: Sendable, CustomTestStringConvertible {
  /// What is wrong, for people.
  let name: String
  /// The words after `moe-pack`; `@x` is the path of `x` in the bench's directory.
  let arguments: [String]
  /// What stdin holds.
  var input: [UInt8] = []
  /// The status to end with.
  let status: Int32
  /// Pieces of the sentence: what, where, expected, got.
  let says: [String]
  /// A piece of the hint: what to do now.
  let hint: String
  /// How many lines of stdout are right; `nil` where what is found is printed before it is refused.
  var lines: Int? = 0

  var testDescription: String { name }
}

extension CommandBench {
  /// The bench's store, looked at from outside.
  func storeLook() throws -> Store {
    try Store(at: directory.url.appending(path: "moe-pack/store"), access: .readOnly)
  }

  /// Runs a command line that is to be refused: it holds the status, the sentence, the hint and the store
  /// to what they have to be.
  func expect(_ refusal: Refusal, location: SourceLocation = #_sourceLocation) throws {
    let before = try storeLook().logicalDigest()
    let result = try run(
      words: refusal.arguments.map {
        $0.hasPrefix("@") ? directory.path(String($0.dropFirst())) : $0
      },
      input: refusal.input)
    check(refusal, result, location: location)
    #expect(
      try storeLook().logicalDigest() == before, "the store is another", sourceLocation: location)
    let staged = try FileManager.default.contentsOfDirectory(
      atPath: directory.path("moe-pack/store/staging"))
    #expect(staged.isEmpty, "left in staging: \(staged)", sourceLocation: location)
  }

  /// Holds what a command line came to to a refusal.
  func check(_ refusal: Refusal, _ result: Result, location: SourceLocation = #_sourceLocation) {
    #expect(result.status == refusal.status, "\(result.messages)", sourceLocation: location)
    let paragraphs = result.messages.split(separator: "\n\n", maxSplits: 1).map(String.init)
    guard paragraphs.count == 2, let start = paragraphs[0].range(of: "error: ") else {
      Issue.record("no sentence and hint: \(result.messages)", sourceLocation: location)
      return
    }
    let sentence = String(paragraphs[0][start.lowerBound...])
    #expect(!sentence.contains("\n") && !sentence.hasSuffix("."), sourceLocation: location)
    for piece in refusal.says {
      #expect(sentence.contains(piece), "\(sentence)", sourceLocation: location)
    }
    #expect(paragraphs[1].hasPrefix("hint: "), sourceLocation: location)
    #expect(
      refusal.hint.isEmpty || paragraphs[1].contains(refusal.hint), "\(paragraphs[1])",
      sourceLocation: location)
    if let lines = refusal.lines {
      #expect(result.lines.count == lines, "\(result.output)", sourceLocation: location)
    }
  }
}
