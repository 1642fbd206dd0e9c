public import ArgumentParser
import Foundation
import MoEAuthoring
import MoEBase
import MoEModel

/// `moe-pack backbone profile`.
public struct BackboneProfileCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Make a backbone's profile from public text.",
    discussion: """
      The profile is what every vendor of packs shares: mean and covariance of the backbone's features \
      over background text, negatives and anchors that gates are calibrated against, and neutral probes. \
      The corpus is WordNet's database directory (Debian package wordnet-base), a file of one text a \
      line, or of lines of {"text"} where its name ends in .jsonl; the anchors are lines of {"text", "topic"}. The same files give the same bits everywhere.

      Example:
        moe-pack backbone profile --corpus /usr/share/wordnet --anchors tools/profile/anchors.jsonl
      """)

  @Argument(help: ArgumentHelp("The backbone.", valueName: "name"))
  var name: String = KnownBackbone.miniLM.name

  @Option(help: ArgumentHelp("WordNet's directory, or a file of texts.", valueName: "path"))
  var corpus: Path

  @Option(help: ArgumentHelp("The anchor texts, JSON lines.", valueName: "file"))
  var anchors: Path?

  @Flag(help: "Make it even if it differs from the pinned one.")
  var unpinned = false

  @OptionGroup var format: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Makes and registers the profile.
  public func run(_ session: CommandSession) throws {
    let entry = try session.backbones.entry(name)
    try entry.checkFiles()
    let backbone = try Backbone(
      entry.known, files: entry.files, kernels: try session.kernels())
    let url = corpus.url
    var isDirectory: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
    let texts =
      isDirectory.boolValue
      ? try WordNetCorpus.texts(in: url) : try WordNetCorpus.lines(of: url)
    let anchorTexts = try anchors.map { try AnchorFile.texts(of: $0.url) } ?? []
    let pool = try session.pool()
    let profile = try session.withProgress { bar in
      try ProfileBuild(backbone: backbone, pool: pool) {
        bar.update($0.stage, done: Int($0.fraction * 1000), total: 1000)
      }.run(corpus: texts, anchors: anchorTexts)
    }
    let files = profile.files()
    let digest = BackboneProfile.digest(of: files)
    if let pinned = entry.known.profileDigest, pinned != digest, !unpinned {
      throw BackboneError.otherProfile(expected: pinned, got: digest)
    }
    try session.backbones.write(profile: files, of: entry)
    if format.json {
      try session.console.print(json: [
        "backbone": .string(entry.known.name), "digest": .digest(digest),
        "negatives": .integer(profile.negativeTexts.count),
        "anchors": .integer(profile.anchorTexts.count),
        "probes": .integer(profile.probes.count),
      ])
    } else {
      try session.console.print(
        "\(entry.known.name): profile \(digest), \(profile.negativeTexts.count) negatives, "
          + "\(profile.anchorTexts.count) anchors, \(profile.probes.count) probes")
    }
  }
}
