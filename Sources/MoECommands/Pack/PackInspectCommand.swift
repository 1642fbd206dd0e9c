import MoERuntime
public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat

/// `moe-pack pack inspect`.
public struct PackInspectCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a pack file claims, without trusting it.",
    discussion: """
      Reads the manifest of an archive. Nothing is verified: no signature, no digest. \
      `moe-pack verify FILE` does that.

      Example:
        moe-pack pack inspect sg-maritime-law-1.0.0.moepack --json
      """)

  @Argument(help: ArgumentHelp("The pack file.", valueName: "file"))
  var file: String

  @OptionGroup var format: OutputOptions
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Shows the manifest.
  public func run(_ session: CommandSession) throws {
    let claims = try UnverifiedPack(url: URL(fileURLWithPath: file)).inspect()
    let manifest = claims.manifest
    if format.json {
      try session.console.print(json: [
        "verified": false, "digest": .digest(claims.digest),
        "keys": .array(claims.keyIDClaims.map { .string($0) }), "manifest": manifest.json,
      ])
      return
    }
    let console = session.console
    try console.print("unverified: what the file claims about itself")
    try console.print(
      "\(manifest.pack) \(manifest.version), release \(manifest.release): "
        + manifest.summary.shown())
    try console.print(manifest.about.sentence)
    try console.print("digest    \(claims.digest)")
    try console.print("key       \(claims.keyIDClaims.joined(separator: ", ").shown())")
    try console.print("backbone  \(manifest.backbone.name.shown()) \(manifest.backbone.digest)")
    for task in manifest.tasks {
      try console.print(
        "task      \(task.name) (\(task.kind)): "
          + task.labels.joined(separator: ", ").shown())
    }
    for eval in manifest.evals {
      try console.print(
        "eval      \(eval.name): \(eval.metric) \(eval.value.fixed(3)), "
          + "floor \(eval.floor.fixed(3)), \(eval.examples.counted("example"))")
    }
    var table = Table([.text("entry"), .number("bytes"), .text("digest")])
    for entry in manifest.entries { table.add(entry.name, "\(entry.size)", entry.digest.short) }
    try console.print()
    try table.print(to: console)
  }
}
