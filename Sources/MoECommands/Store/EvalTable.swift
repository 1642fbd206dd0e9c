import MoEBase
import MoEPackFormat
import MoEEval
import MoERuntime

/// The figures of eval sets, a row for each set.
struct EvalTable {
  let packs: [SuiteReport.Pack]
  let probes: Int

  func print(to console: Console) throws {
    var table = Table([
      .text("pack"), .text("eval"), .number("examples"), .number("accuracy"), .number("claim"),
      .number("floor"), .number("own routed"), .number("near selected"), .number("AUROC"),
      .number("probes"), .text(""),
    ])
    for pack in packs {
      for eval in pack.evals {
        let result = eval.result
        table.add(
          pack.label, eval.title, "\(result.labelled)", eval.value.fixed(3),
          eval.claim.value.fixed(3), eval.claim.floor.fixed(3), result.ownSelectedShare.fixed(3),
          result.noneSelectedShare?.fixed(3) ?? "–", result.auroc?.fixed(3) ?? "–",
          "\(pack.probesSelected)/\(probes)", eval.meetsFloor ? "ok" : "below its floor")
      }
    }
    try table.print(to: console)
  }
}
