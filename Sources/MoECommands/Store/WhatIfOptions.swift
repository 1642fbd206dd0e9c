import ArgumentParser
import MoEBase
import MoEPackFormat
import MoERuntime
import MoEStore

/// Which change of the packs `eval` is to look at, and on which texts.
struct WhatIfOptions: ParsableArguments {
  @Option(
    name: .customLong("with"),
    help: ArgumentHelp(
      "What if this .moepack file were installed; may be given several times.",
      valueName: "pack"))
  var archives: [Path] = []

  @Option(
    name: .customLong("without"),
    help: ArgumentHelp(
      "What if this pack were removed; may be given several times.", valueName: "name"))
  var names: [String] = []

  @Option(
    help: ArgumentHelp(
      "Ask these texts, lines as `predict` takes them (- for standard input), instead of the eval sets.",
      valueName: "file"))
  var input: Path?

  /// Whether a change is to be looked at.
  var isWanted: Bool { !archives.isEmpty || !names.isEmpty }

  /// Refuses what contradicts itself.
  func validate() throws {
    guard input == nil || isWanted else {
      throw ValidationError("--input takes --with or --without: it is asked before and after.")
    }
  }

  /// Looks at the change: everything but the change itself.
  ///
  /// - Parameters:
  ///   - name: The one pack whose eval sets are asked; all of them when `nil`.
  ///   - needsProbes: Whether `body` needs the profile's neutral texts.
  ///   - session: The command at work.
  ///   - body: Makes more of it while the arriving packs' files are there.
  /// - Returns: What `body` returned.
  /// - Throws: ``InputError``, and what `Installer.preview(adding:removing:_:_:)` throws.
  func run<Result>(
    only name: String?, needsProbes: Bool, session: CommandSession,
    _ body: (Installer.Preview, WhatIf, ProgressBar) throws -> Result
  ) throws -> Result {
    let questions = try input.map { try QuestionFile($0, session: session).questions }
    let store = try session.store()
    let before = try store.active()
    let pool = try session.pool()
    let change = Installer.Change(
      actor: session.context.userName, time: session.context.timestamp, allowsDowngrade: true)
    let (result, warnings) = try session.withProgress { bar in
      try session.installer(
        for: store, before.packs, pool: pool, progress: bar.handler, needsProbes: needsProbes
      ).preview(adding: archives.map(\.url), removing: names, change) { preview in
        let packs = try preview.packs(named: name)
        let registered = try store.operatorEvals().filter { eval in
          name.map { $0.utf8.elementsEqual((eval.pack?.description ?? "").utf8) } ?? true
        }
        let whatIf = try WhatIf(
          asking: try questions
            ?? packs.flatMap { try $0.questions() } + registered.flatMap { try $0.questions() },
          before: preview.active,
          after: preview.candidate, pool: pool, progress: bar.handler)
        return try body(preview, whatIf, bar)
      }
    }
    for warning in warnings {
      session.console.note("warning: \(warning.message); its namespace has level `warn`")
    }
    return result
  }
}

extension Installer.Preview {
  /// The packs of that name before and after, each digest once; all of them when `nil`.
  fileprivate func packs(named name: String?) throws -> [InstalledPack] {
    guard let name else { return allPacks }
    let packs = allPacks.filter { $0.name.description.utf8.elementsEqual(name.utf8) }
    guard !packs.isEmpty else { throw StoreError.notInstalled(name: name, nearest: nil) }
    return packs
  }
}
