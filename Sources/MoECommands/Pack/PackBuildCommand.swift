import MoETraining
import MoERuntime
import MoEEval
public import ArgumentParser
import Foundation
import MoEAuthoring
import MoEBase
import MoEModel
import MoEPackFormat
import MoETensor

/// `moe-pack pack build`.
public struct PackBuildCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Train, measure and sign a pack.",
    discussion: """
      Checks the source, runs the backbone once over its texts, trains experts and a head, fits the gate \
      that says when the pack is responsible, runs the evals, and writes a signed archive. Where experts \
      do not beat the head on the frozen backbone, the smaller pack ships. A pack below a floor of its \
      own pack.yaml is not written. What was measured is added to the card that travels in the pack.

      A report is written beside the archive, NAME.html for NAME.moepack, also where a floor was missed: \
      learning curves, labels with intervals, the hardest texts, the gate, experts, size and speed. It is \
      one file that any browser opens, and fetches nothing.

      The same source, seed and program give the same bytes on CPUs of one class. --check builds and \
      writes nothing, and says whether the pack file is what the source gives: the same digest, whoever \
      signed it.

      Examples:
        moe-pack pack build packs/sg-maritime-law -o sg-maritime-law-1.0.0.moepack --key vendor.key
        moe-pack pack build packs/sg-maritime-law --check sg-maritime-law-1.0.0.moepack
      """)

  @OptionGroup var sourceOptions: PackSourceOptions

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The archive to write; needed without --check.", valueName: "file"))
  var output: Path?

  @Option(
    help: ArgumentHelp(
      "A private key to sign with, made by `moe-pack key new`; - reads it from standard input. May stand "
        + "several times.", valueName: "file"))
  var key: [Path] = []

  @Option(
    help: ArgumentHelp(
      "Build, write nothing, and say whether this pack file comes out.", valueName: "file"))
  var check: Path?

  @Flag(name: .customLong("no-report"), help: "Write no report beside the archive.")
  var writesNoReport = false

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses more keys than there may be.
  public func validate() throws {
    guard check == nil else {
      guard output == nil, key.isEmpty else {
        throw ValidationError("--check writes nothing: it takes neither --output nor --key.")
      }
      return
    }
    guard output != nil else {
      throw ValidationError("Missing expected argument '--output <file>'.")
    }
    guard !key.isEmpty else { throw ValidationError("Missing expected argument '--key <file>'.") }
    try SigningKeyOptions.validate(key)
  }

  /// Builds, and writes the archive or compares it.
  public func run(_ session: CommandSession) throws {
    AllocatorPolicy.keepFreedMemory()
    if let check {
      try compare(with: check, session)
    } else if let output {
      try write(to: output, session)
    }
  }

  private func write(to output: Path, _ session: CommandSession) throws {
    let start = session.context.now()
    let keys = try session.signingKeys(key)
    let source = try sourceOptions.source(session)
    try Self.checkWritable(output)
    let pool = try session.pool()
    let built = try build(source, pool: pool, session)
    func report(archiveSize: Int?) throws {
      guard !writesNoReport else { return }
      let path =
        (output.text.hasSuffix(".moepack") ? output.text.dropLast(8) : output.text[...]) + ".html"
      let page = BuildPage(
        built,
        circumstances: BuildPage.Circumstances(
          archiveSize: archiveSize, seconds: session.context.now().timeIntervalSince(start),
          threads: pool.threadCount))
      try OutputFile.write(page.html, to: String(path), console: session.console)
      session.console.note("wrote the report, `\(path)`")
    }
    if let shortfall = built.shortfall {
      try report(archiveSize: nil)
      throw shortfall
    }
    let summary = try PackWriter(keys: keys).write(
      built.manifest, entries: built.entries, to: output.url)
    try report(archiveSize: summary.size)
    let seconds = session.context.now().timeIntervalSince(start)
    let view = BuildView(built: built, summary: summary, seconds: seconds)
    if format.json {
      try session.console.print(json: view.json)
    } else {
      try view.print(to: session.console, archive: output.text)
    }
  }

  private func build(
    _ source: PackSource, pool: ThreadPool, _ session: CommandSession
  ) throws -> BuiltPack {
    let entry = try session.backbones.entry(source.description.backbone)
    try entry.checkFiles()
    let backbone = try Backbone(
      entry.known, files: entry.files, kernels: try session.kernels())
    let profile = try session.backbones.profile(of: entry, width: backbone.featureWidth)
    return try session.withProgress { bar in
      try PackBuild(source: source, backbone: backbone, profile: profile, pool: pool) {
        bar.update(
          $0.stage, done: Int($0.fraction * 1000), total: $0.fraction > 0 ? 1000 : 0,
          note: Self.note($0))
      }.measured()
    }
  }

  /// Builds, and says whether a pack file is what comes out.
  private func compare(with file: Path, _ session: CommandSession) throws {
    let claims = try UnverifiedPack(url: file.url, limits: session.settings.limits()).inspect()
    let built = try build(
      try sourceOptions.source(session), pool: try session.pool(), session)
    // A pack's digest is of what is signed, not of the signatures.
    let manifest = try PackWriter(keys: [SigningKey()]).completed(
      built.manifest, entries: built.entries)
    let reproduction = Reproduction(file: file.text, claimed: claims.manifest, built: manifest)
    if format.json {
      try session.console.print(json: [
        "pack": .string(manifest.pack.description), "claimed": .digest(claims.digest),
        "built": .digest(manifest.packDigest),
        "reproduced": .boolean(claims.digest == manifest.packDigest),
        "entries": .array(reproduction.entries.map(JSONValue.string)),
        "circumstances": .array(reproduction.circumstances.map(JSONValue.string)),
      ])
    }
    guard claims.digest == manifest.packDigest else { throw reproduction.error }
    if !format.json {
      try session.console.print(
        "\(manifest.pack) \(manifest.version): reproduced, \(claims.digest) comes out of the source"
      )
    }
  }

  /// Refuses an archive that cannot be written before the training, not after it.
  private static func checkWritable(_ output: Path) throws {
    var status = stat()
    let exists = stat(output.url.path, &status) == 0
    let directory = output.url.deletingLastPathComponent().path
    let reason: Int32? =
      exists && status.st_mode & S_IFMT == S_IFDIR
      ? EISDIR : access(directory, W_OK | X_OK) == 0 ? nil : errno
    guard let reason else { return }
    throw ConsoleError.notOpened(
      target: "`\(output.text.shown())`", reason: String(cString: strerror(reason)))
  }

  private static func note(_ progress: BuildProgress) -> String {
    var parts: [String] = []
    if let loss = progress.loss { parts.append("loss \(loss.fixed(3))") }
    if let score = progress.score { parts.append("valid \(score.percent)") }
    return parts.joined(separator: ", ")
  }
}
