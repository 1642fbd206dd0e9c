public import MoEBase
import MoEEval
public import MoEModel
import MoEPackFormat
public import MoEStore
public import MoETensor

/// What a change of the packs would do to answers: every one that would not be the same, byte for byte.
public struct WhatIf: Sendable {
  /// The texts that both were asked.
  public let questions: [Question]
  /// What the first composition answers, in the order of the texts.
  public let before: [Answer]
  /// What the second one answers.
  public let after: [Answer]
  /// The answers that differ, in the order of the texts.
  public let changes: [AnswerChange]

  /// Asks two compositions the same texts.
  ///
  /// - Parameters:
  ///   - questions: The texts.
  ///   - before: What answers now.
  ///   - after: What would.
  ///   - pool: The threads that share the work.
  ///   - progress: Told how far it is.
  /// - Throws: `MixtureError` where an output is not finite.
  public init(
    asking questions: [Question], before: Composition, after: Composition, pool: ThreadPool,
    progress: @escaping ProgressHandler = { _ in }
  ) throws {
    let meter = WorkMeter("answers before and after", total: questions.count * 2, progress)
    let texts = questions.map { before.backbone.tokenizer.encode($0.text) }
    self.questions = questions
    let old = try before.mixture.answer(texts, pool: pool, progress: meter.add)
    let new = try after.mixture.answer(texts, pool: pool, progress: meter.add)
    self.before = old
    self.after = new
    changes = questions.indices.compactMap {
      AnswerChange(questions[$0], before: old[$0], after: new[$0])
    }
  }

  /// How many answers changed in this way.
  public func count(_ kind: AnswerChange.Kind) -> Int { changes.count { $0.kind == kind } }

  /// How many answers turned right or wrong.
  public func count(_ flip: AnswerChange.Flip) -> Int { changes.count { $0.flip == flip } }

  /// The members of its JSON document.
  public var members: [JSONMember] {
    let counts =
      AnswerChange.Kind.allCases.map { JSONMember($0.rawValue, .integer(count($0))) }
      + AnswerChange.Flip.allCases.map { JSONMember($0.rawValue, .integer(count($0))) }
    return [
      JSONMember("texts", .integer(questions.count)),
      JSONMember("changed", .integer(changes.count)), JSONMember("counts", .object(counts)),
      JSONMember("changes", .array(changes.map(\.json))),
    ]
  }
}

extension InstalledPack {
  /// The examples of the pack's eval sets.
  ///
  /// - Throws: ``RuntimeError`` or `StoreError` where they cannot be read.
  public func questions() throws -> [Question] {
    try evalSets(try manifest()).flatMap { _, set in
      set.examples.enumerated().map { index, example in
        Question(
          text: example.text,
          origin: .eval(pack: name.description, name: set.name, line: index + 1),
          expectation: example.expectation)
      }
    }
  }
}
