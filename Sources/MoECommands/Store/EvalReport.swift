import MoEBase
import MoEModel
import MoERuntime

/// Writes the HTML report of `eval`.
struct EvalReport {
  let packs: [SuiteReport.Pack]
  let probes: Int
  let registered: [SuiteReport.Registered]
  let flat: SuiteReport.Flat?
  /// What the routers of a language model do with the packs' texts; empty on an encoder.
  let utilization: [ExpertUtilization]
  let composition: Composition
  /// What is compared with what; `nil` where nothing is.
  let comparison: String?

  /// Writes the file.
  ///
  /// - Parameters:
  ///   - path: Its path.
  ///   - questions: The texts that were asked.
  ///   - answers: What the composition answers.
  ///   - whatIf: The answers before and after; `nil` where nothing is compared.
  ///   - session: Says where it is.
  /// - Throws: ``ConsoleError``.
  func write(
    to path: Path, asking questions: [Question], answers: [Answer], whatIf: WhatIf?,
    _ session: CommandSession
  ) throws {
    let backbone = composition.backbone
    let page = EvalPage(
      heading: EvalPage.Heading(
        generation: composition.generation, composition: composition.digest.description,
        backbone: "\(backbone.name) (\(backbone.digest.short))", time: session.context.timestamp,
        comparison: comparison),
      packs: packs, probes: probes, registered: registered,
      experts: ExpertSection(utilization, flat: flat),
      routing: RoutingMatrix(
        questions, answers, packs: composition.packs.map(\.identity.name)), whatIf: whatIf)
    try OutputFile.write(page.html, to: path.text, console: session.console)
    session.console.note("wrote `\(path.text)`")
  }
}
