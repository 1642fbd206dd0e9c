import MoEBase
import MoEPackFormat

/// The texts of a drafted source's files.
extension SourceDraft {
  /// `pack.yaml`.
  var description: String {
    func quoted(_ text: String) -> String { JSONValue.string(text).text }
    func list(_ codes: [String]) -> String {
      "[" + codes.map(quoted).joined(separator: ", ") + "]"
    }
    var about = ["languages: \(list(facts.languages))"]
    if !facts.jurisdictions.isEmpty {
      about.append("jurisdictions: \(list(facts.jurisdictions))")
    }
    about.append("asOf: \(facts.asOf)")
    let guess =
      division.kind == .tag
      ? "always giving the same labels" : "naming the most frequent label"
    var task = "    train: data/train.jsonl\n"
    if !division.valid.isEmpty { task += "    valid: data/valid.jsonl\n" }
    task += "    labels: labels.yaml\n"
    if !negatives.isEmpty { task += "    negatives: data/negatives.jsonl\n" }
    return """
      # SPEC.md §7 lists every key.
      pack: \(facts.pack)
      version: 0.1.0
      release: 1            # a whole number that only ever rises; an update needs a greater one
      summary: \(quoted(facts.summary))
      about: {\(about.joined(separator: ", "))}
      license: \(quoted(facts.license))
      backbone: \(facts.backbone)
      tasks:
        \(facts.task):
          kind: \(division.kind.rawValue)
      \(task)evals:
        # The floor is the worst result you sign for. This one is what \(guess) would
        # give: raise it to what the first build shows, less a margin.
        \(facts.task): {task: \(facts.task), data: evals/\(facts.task).jsonl, metric: \(division.kind.metrics[0]), floor: \(floor)}
      seed: \(facts.seed)

      """
  }

  /// `labels.yaml`.
  var labels: String {
    let head = """
      # What people are shown for each label: a title, and optionally the authority it rests on and a note.
      #   label: {title: "…", authority: "…", note: "…"}

      """
    return head
      + division.labels.map { label in
        let title = String(label.map { "-_".contains($0) ? " " : $0 }).trimmed
        return
          "\(JSONValue.string(label).text): {title: \(JSONValue.string(title.isEmpty ? label : title).text)}\n"
      }.joined()
  }

  /// `CARD.md`.
  var card: String {
    """
    # \(facts.pack.name)

    **Purpose.** \(facts.summary). Given a short text, the pack names \(division.kind == .tag ? "any" : "one") of \(division.labels.count) labels, which
    `labels.yaml` explains.

    **Data.** \(division.train.count) texts to learn from\
    \(division.valid.isEmpty ? "" : ", \(division.valid.count) to choose by"), \(division.eval.count) to measure by,
    which training has never seen. TODO: who wrote them, when, from what, and by whose leave.

    **What it is not.** TODO: what nobody should use it for.

    **Limits.** TODO: languages, places, kinds of text and periods that the data does not cover.

    **Licence.** \(facts.license), see `LICENSE`.

    """
  }

  /// `LICENSE`.
  var license: String {
    """
    Copyright \(facts.asOf.prefix(4)) \(facts.holder).

    The texts, labels and documentation in this directory, and any weights trained from them and published with it,
    are licensed under these terms: SPDX-License-Identifier: \(facts.license)

    """
  }
}
