import MoEAuthoring
import MoEBase
import MoEPackFormat

/// A review of a pack source, laid out for a person or a machine.
struct ReviewView {
  let review: SourceReview

  var json: JSONValue {
    [
      "pack": .string(review.pack.description), "version": .string(review.version.description),
      "trainTexts": .integer(review.trainTexts), "negatives": .integer(review.negatives),
      "labels": .object(review.labels.map { JSONMember($0.label, .integer($0.train)) }),
      "evals": .object(
        review.evals.map {
          JSONMember($0.name, ["labelled": .integer($0.labelled), "none": .integer($0.none)])
        }),
      "comparedMeaning": .boolean(review.comparedMeaning),
      "findings": .array(review.findings.map(json)),
    ]
  }

  private func json(_ finding: Finding) -> JSONValue {
    [
      "code": .string(finding.code), "weight": .string(finding.weight.rawValue),
      "message": .string(finding.message), "advice": .string(finding.advice),
      "marks": .array(
        finding.marks.map { mark in
          var members = [JSONMember("file", .string(mark.file))]
          if let line = mark.line { members.append(JSONMember("line", .integer(line))) }
          if let file = mark.otherFile { members.append(JSONMember("otherFile", .string(file))) }
          if let line = mark.otherLine { members.append(JSONMember("otherLine", .integer(line))) }
          if let detail = mark.detail { members.append(JSONMember("detail", .string(detail))) }
          return .object(members)
        }),
    ]
  }

  /// Prints counts and findings.
  ///
  /// - Parameters:
  ///   - console: Where to.
  ///   - markLimit: The most places that are shown of one finding.
  /// - Throws: ``ConsoleError``.
  func print(to console: Console, markLimit: Int) throws {
    let hasValid = review.labels.contains { $0.valid > 0 }
    var table = Table(
      [.text("label"), .number("train")] + (hasValid ? [.number("valid")] : []) + [.number("eval")])
    for label in review.labels {
      table.add(
        [label.label, "\(label.train)"] + (hasValid ? ["\(label.valid)"] : []) + ["\(label.eval)"])
    }
    if !review.labels.isEmpty {
      try table.print(to: console)
      try console.print()
    }
    for finding in review.findings {
      try console.print(
        console.styled("\(finding.weight.rawValue)", Self.style(finding.weight))
          + "  \(finding.message.shown())  [\(finding.code)]")
      for mark in finding.marks.prefix(markLimit) {
        try console.print("  " + Self.place(mark).shown())
      }
      if finding.marks.count > markLimit {
        try console.print("  and \(finding.marks.count - markLimit) more (--all)")
      }
      try console.print("  → \(finding.advice.shown())")
      try console.print()
    }
    let evals = review.evals.map { "eval \($0.name) of \($0.labelled) + \($0.none) to leave alone" }
    try console.print(
      "\(review.pack) \(review.version): \(review.trainTexts.counted("training text")), "
        + "\(review.negatives.counted("negative")), " + evals.joined(separator: ", ") + "; "
        + verdict)
    if !review.comparedMeaning {
      console.note(
        "texts were compared by their words alone: the pack's backbone is not registered here")
    }
  }

  private var verdict: String {
    guard !review.findings.isEmpty else { return "no fault found" }
    return [(Finding.Weight.fault, "kind"), (.warning, "warning"), (.note, "note")]
      .compactMap { weight, noun in
        let count = review.count(weight)
        guard count > 0 else { return nil }
        return weight == .fault ? "\(count.counted(noun)) of fault" : count.counted(noun)
      }.joined(separator: ", ")
  }

  private static func style(_ weight: Finding.Weight) -> Style {
    switch weight {
    case .fault: .red
    case .warning: .bold
    case .note: .dim
    }
  }

  private static func place(_ mark: Finding.Mark) -> String {
    var text = mark.file + (mark.line.map { " line \($0)" } ?? "")
    if let file = mark.otherFile {
      text += " · \(file)" + (mark.otherLine.map { " line \($0)" } ?? "")
    }
    return text + (mark.detail.map { ": \($0.prefix(80))" } ?? "")
  }
}
