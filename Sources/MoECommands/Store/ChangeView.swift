import MoEPackFormat
import MoEBase
import MoERuntime
import MoEStore

/// What came of a change, laid out for a person or a machine.
struct ChangeView {
  let outcome: Installer.Outcome
  let before: Generation
  let isDryRun: Bool
  let seconds: Double

  private var isUnchanged: Bool { outcome.generation.id == before.id }

  var json: JSONValue {
    let generation = outcome.generation
    var members = [
      JSONMember("generation", .integer(generation.id)),
      JSONMember("action", .string(generation.action)),
      JSONMember("proven", .boolean(generation.isProven)),
      JSONMember("dryRun", .boolean(isDryRun)),
      JSONMember("threshold", .number(generation.threshold)),
      JSONMember("precision", .string(generation.precision.rawValue)),
      JSONMember("packs", .array(generation.packs.map(\.summaryJSON))),
    ]
    if let report = outcome.report { members.append(JSONMember("report", report.json)) }
    members.append(JSONMember("seconds", .number((seconds * 1000).rounded() / 1000)))
    return .object(members)
  }

  func print(to console: Console) throws {
    let generation = outcome.generation
    guard !isUnchanged else {
      try console.print("Nothing to change: generation \(before.id) stays active.")
      return
    }
    if let report = outcome.report, !report.packs.isEmpty {
      try EvalTable(packs: report.packs, probes: report.probes).print(to: console)
      try SuiteView(report: report).print(to: console)
      if report.compared > 0 {
        try console.print(
          "\(report.compared.counted("answer")) that the change has no part in: the same bytes before "
            + "and after")
      }
      try console.print()
    }
    for action in generation.action.split(separator: ", ") {
      try console.print((isDryRun ? "would " : "") + String(action).shown())
    }
    let state =
      generation.isProven ? "proven" : console.styled("unproven: no regression suite ran", .bold)
    try console.print(
      (isDryRun ? "would be " : "")
        + "generation \(generation.id) (\(state)), \(generation.packs.count.counted("pack")), "
        + "\(seconds.fixed(1)) s")
    if isDryRun { try console.print("Nothing was changed (dry run).") }
  }
}

extension InstalledPack {
  /// What lists say of a pack.
  var summaryJSON: JSONValue {
    [
      "pack": .string(name.description), "version": .string(version.description),
      "release": .integer(release), "digest": .digest(digest), "sizeBytes": .integer(sizeBytes),
      "signers": .array(signers.map(JSONValue.string)),
    ]
  }
}
