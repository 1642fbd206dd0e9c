import Foundation
import MoEBase

/// What there is to say of a source's eval sets: whether their figures will mean anything.
struct EvalReview {
  let material: ReviewMaterial

  /// The widest half of a 95 % interval around the floor that still says something.
  static let widestHalf = 0.1

  func findings() -> [Finding] {
    material.description.evals.flatMap { eval -> [Finding] in
      let texts = material.texts.filter { $0.role == .eval && $0.file == eval.data }
      let answered = texts.filter { !$0.isLeftAlone }
      guard material.kind.hasLabels, !texts.isEmpty else { return [] }
      return small(eval, answered) + labels(eval, answered) + guessing(eval, answered)
        + alone(eval, texts)
    }
  }

  private func small(_ eval: PackDescription.Eval, _ texts: [ReviewedText]) -> [Finding] {
    guard !texts.isEmpty else {
      return [
        Finding(
          "eval-empty", .fault, "eval `\(eval.name)` has no text with an answer",
          advice: "add texts with labels", marks: [Finding.Mark(eval.data)])
      ]
    }
    // The normal interval of a proportion: at the edges it is taken as at 0.9, where it is nearly as narrow.
    let share = min(0.9, max(0.1, eval.floor))
    let half = 1.96 * (share * (1 - share) / Double(texts.count)).squareRoot()
    guard half > Self.widestHalf else { return [] }
    let needed = Int(
      (1.96 * 1.96 * share * (1 - share) / (Self.widestHalf * Self.widestHalf)).rounded(.up))
    return [
      Finding(
        "eval-small", .warning,
        "eval `\(eval.name)` has \(texts.count.of("text")) with an answer: chance alone moves its result by "
          + "±\(half.fixed(2)), and its floor of \(eval.floor.fixed(2)) means little",
        advice: "measure by at least \(needed) texts", marks: [Finding.Mark(eval.data)])
    ]
  }

  private func labels(_ eval: PackDescription.Eval, _ texts: [ReviewedText]) -> [Finding] {
    let measured = Set(texts.flatMap(\.labels))
    let missing = material.expectedLabels.filter { !measured.contains($0) }
    guard !missing.isEmpty, !texts.isEmpty else { return [] }
    return [
      Finding(
        "eval-label", .warning,
        "eval `\(eval.name)` has no text for \(missing.count.of("label")): "
          + missing.prefix(8).map { "`\($0)`" }.joined(separator: ", "),
        advice: "write texts to measure every label by",
        marks: [Finding.Mark(eval.data, detail: missing.joined(separator: ", "))])
    ]
  }

  private func guessing(_ eval: PackDescription.Eval, _ texts: [ReviewedText]) -> [Finding] {
    guard material.kind == .classify else { return constant(eval, texts) }
    let counts = Dictionary(texts.flatMap(\.labels).map { ($0, 1) }, uniquingKeysWith: +)
    guard counts.count > 1, let most = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })
    else { return [] }
    let share = Double(most.value) / Double(texts.count)
    guard eval.floor <= share else { return [] }
    return [
      Finding(
        "eval-floor", .note,
        "the floor of eval `\(eval.name)` is \(eval.floor.fixed(2)), and always naming `\(most.key)` "
          + "would give \(share.fixed(2))",
        advice: "sign for what the first build reaches, less a margin",
        marks: [Finding.Mark(PackDescription.fileName, detail: "evals.\(eval.name).floor")])
    ]
  }

  private func constant(_ eval: PackDescription.Eval, _ texts: [ReviewedText]) -> [Finding] {
    let guess = TagBaseline(texts.map(\.labels)).value(of: eval.metric)
    guard guess > 0, eval.floor <= guess else { return [] }
    return [
      Finding(
        "eval-floor", .note,
        "the floor of eval `\(eval.name)` is \(eval.floor.fixed(2)), and always giving the same labels would "
          + "give \(guess.fixed(2))",
        advice: "sign for what the first build reaches, less a margin",
        marks: [Finding.Mark(PackDescription.fileName, detail: "evals.\(eval.name).floor")])
    ]
  }

  private func alone(_ eval: PackDescription.Eval, _ texts: [ReviewedText]) -> [Finding] {
    guard !texts.contains(where: \.isLeftAlone) else { return [] }
    return [
      Finding(
        "eval-none", .note,
        "eval `\(eval.name)` has no text that the pack is to leave alone",
        advice:
          "add lines of {\"text\": \"…\", \"expect\": \"none\"}: what the gate lets pass is measured by them",
        marks: [Finding.Mark(eval.data)])
    ]
  }
}
