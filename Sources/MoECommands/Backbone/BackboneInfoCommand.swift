import Foundation
public import ArgumentParser
import MoEBase
import MoEModel
import MoETensor

/// `moe-pack backbone info`.
public struct BackboneInfoCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "info",
    abstract:
      "Show what a registered backbone is: files, shape, profile, and what it runs on here.",
    discussion: """
      Example:
        moe-pack backbone info minilm-l6
      """)

  @Argument(help: ArgumentHelp("The backbone's name or digest.", valueName: "name"))
  var name = KnownBackbone.miniLM.name

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Prints what is known.
  public func run(_ session: CommandSession) throws {
    let entry = try session.backbones.entry(name)
    guard entry.known.kind == .encoder else {
      return try LanguageModelView(entry, session: session).print(json: output.json)
    }
    try entry.checkFiles()
    let shape = try EncoderConfiguration(files: entry.files)
    let profile = entry.hasProfile ? try session.backbones.profileDigest(of: entry) : nil
    let kernels = try session.kernels().path.rawValue
    let threads = try session.pool().threadCount
    guard !output.json else {
      return try session.console.print(
        json: [
          "name": .string(entry.known.name), "digest": .digest(entry.known.digest),
          "source": .string(entry.known.source), "license": .string(entry.known.license),
          "directory": .string(entry.files.directory.path),
          "profile": profile.map(JSONValue.digest) ?? .null,
          "profilePinned": entry.known.profileDigest.map { .boolean($0 == profile) } ?? .null,
          "width": .integer(shape.width), "layers": .integer(shape.layerCount),
          "heads": .integer(shape.headCount), "feedForwardWidth": .integer(shape.feedForwardWidth),
          "vocabulary": .integer(shape.vocabularySize),
          "maximumTokens": .integer(shape.maximumTokens),
          "kernels": .string(kernels), "threads": .integer(threads),
        ])
    }
    for (name, value) in [
      ("name", entry.known.name), ("source", "\(entry.known.source), \(entry.known.license)"),
      ("digest", entry.known.digest.description), ("directory", entry.files.directory.path),
      ("profile", Self.describe(profile, pinned: entry.known.profileDigest)),
      (
        "shape",
        "\(shape.layerCount) layers, width \(shape.width), \(shape.headCount) heads, "
          + "\(shape.vocabularySize) word pieces, texts of at most \(shape.maximumTokens) tokens"
      ),
      ("runs on", "\(kernels) kernels, \(threads.counted("thread"))"),
    ] {
      try session.console.print(
        session.console.styled(name.padded(to: 9), .dim) + "  " + value.shown())
    }
  }
  /// The profile's digest, and whether it is the one that packs from elsewhere are made on.
  private static func describe(_ profile: Digest?, pinned: Digest?) -> String {
    guard let profile else { return "none yet: `moe-pack backbone profile` makes it" }
    guard let pinned, pinned != profile else { return profile.description }
    return "\(profile), not the pinned one: `moe-pack backbone profile` makes that"
  }
}
