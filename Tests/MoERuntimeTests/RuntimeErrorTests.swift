import MoEBase
import MoERuntime
import Testing

@Suite struct RuntimeErrorTests {
  private static let one = Digest(of: [1])
  private static let two = Digest(of: [2])

  static let sentences: [(RuntimeError, String, ExitCode)] = [
    (
      .wrongBackbone(
        pack: "acme/x 1.0.0", name: "other", digest: one, loadedName: "minilm-l6", loaded: two),
      "`acme/x 1.0.0` was made for backbone `other` (\(one)), and this store runs on `minilm-l6` (\(two))",
      .badData
    ),
    (
      .wrongTokenizer(pack: "acme/x 1.0.0", digest: one, loaded: two),
      "`acme/x 1.0.0` was made with another tokenizer: expected \(two), got \(one)", .badData
    ),
    (
      .wrongProfile(pack: "acme/x 1.0.0", digest: one, loaded: two),
      "the dispatcher rows of `acme/x 1.0.0` were made from another backbone profile: "
        + "expected \(two), got \(one)", .badData
    ),
    (
      .wrongGate(pack: "acme/x 1.0.0", version: 2, known: 1),
      "`acme/x 1.0.0` follows version 2 of the gate's mathematics, expected 1", .badData
    ),
    (
      .wrongLayer(pack: "acme/x 1.0.0", layer: 9, layerCount: 6),
      "`acme/x 1.0.0` has experts in layer 9, expected layers from 0 to 5", .badData
    ),
    (
      .damagedEntry(
        pack: "acme/x 1.0.0", entry: "heads.safetensors", reason: "expected 3 bytes, got 2"),
      "`heads.safetensors` of `acme/x 1.0.0` is not what was installed: expected 3 bytes, got 2",
      .corruption
    ),
    (
      .badEvalLine(
        pack: "acme/x 1.0.0", entry: "evals/a.jsonl", line: 4, expected: "one JSON object",
        got: "an array"),
      "`evals/a.jsonl` of `acme/x 1.0.0`, line 4: expected one JSON object, got an array", .badData
    ),
    (
      .badEvalSet(
        pack: "acme/x 1.0.0", entry: "evals/a.jsonl", expected: "3 examples", got: "2"),
      "`evals/a.jsonl` of `acme/x 1.0.0`: expected 3 examples, got 2", .badData
    ),
    (
      .noMargin(pack: "acme/x"),
      "the dispatcher rows of `acme/x` give this text a score that is not finite", .refused
    ),
    (.namedTwice(pack: "acme/x"), "`acme/x` is named twice, expected every pack once", .usage),
    (
      .nothingToForce, "no pack is installed, expected at least one to force an answer from",
      .notFound
    ),
  ]

  @Test(arguments: sentences.indices)
  func `each sentence says what, where, expected and got`(index: Int) {
    let (error, sentence, exitCode) = Self.sentences[index]
    #expect(error.message == sentence)
    #expect(error.exitCode == exitCode)
    #expect(!error.hint.isEmpty && !error.code.isEmpty)
    #expect(!error.message.hasSuffix("."))
  }
}
