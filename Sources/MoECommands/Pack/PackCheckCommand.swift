public import ArgumentParser
import Foundation
import MoEAuthoring
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime

/// `moe-pack pack check`.
public struct PackCheckCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Read a pack source as a reviewer would, without building it.",
    discussion: """
      Reads every file and says every kind of fault it finds, with files and lines, what matters most first:
        fault    a build refuses it: lines that cannot be read, texts that stand twice, texts with two \
      labels, eval texts that also stand in training, labels that labels.yaml does not list
        warning  a build lets it pass, and the figures mislead or the pack is worse: near duplicates across \
      training and evals, texts of one template, personal data, wrong language, labels with few texts, \
      evals too small for their floor
        note     worth knowing

      Texts are compared by their words, and by what they mean where the backbone of the pack is \
      registered (`moe-pack backbone list`). Personal data is not repeated in what is printed.

      The exit code is 65 where there is a fault (66 where a file is missing), with --strict also where \
      there is a warning, and else 0.

      Example:
        moe-pack pack check packs/sg-maritime-law
      """)

  @OptionGroup var sourceOptions: PackSourceOptions

  @Flag(help: "Refuse warnings too.")
  var strict = false

  @Flag(help: "Show every place of a finding, not the first five.")
  var all = false

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "pack check"

  /// Makes the command.
  public init() {}

  /// Reviews the source and shows what there is.
  public func run(_ session: CommandSession) throws {
    let directory = sourceOptions.directory.directory
    let review = try session.withProgress { bar in
      try SourceReview(
        directory: directory, allowsNearDuplicates: sourceOptions.allowsNearDuplicates,
        backbones: sourceOptions.backbones(session), backbone: { try Self.backbone($0, session) },
        pool: try session.pool()
      ) { bar.update("reading the texts", done: Int($0 * 1000), total: 1000) }
    }
    if output.json {
      try session.console.print(json: ReviewView(review: review).json)
    } else {
      try ReviewView(review: review).print(to: session.console, markLimit: all ? .max : 5)
    }
    if let refusal = review.refusal { throw refusal }
    let warnings = review.count(.warning)
    if strict, warnings > 0 {
      throw SourceError.reviewed(directory: sourceOptions.directory.text, warnings: warnings)
    }
  }

  /// The backbone of that name, where this machine has it and it reads texts as packs' encoders do.
  private static func backbone(_ name: String, _ session: CommandSession) throws -> Backbone? {
    if let ground = session.context.ground {
      return ground.backbone.name == name ? ground.backbone : nil
    }
    guard let entry = try? session.backbones.entry(name), entry.known.kind == .encoder else {
      return nil
    }
    try entry.checkFiles()
    return try Backbone(entry.known, files: entry.files, kernels: try session.kernels())
  }
}
