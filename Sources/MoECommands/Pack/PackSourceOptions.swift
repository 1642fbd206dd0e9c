public import ArgumentParser
import Foundation
import MoEAuthoring
import MoEModel

/// What commands on a pack source take.
public struct PackSourceOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The directory of the pack source.", valueName: "dir"))
  var directory: Path

  @Flag(
    name: .customLong("allow-near-duplicates"),
    help:
      "Let eval texts pass that stand in training almost word for word; the manifest records it.")
  var allowsNearDuplicates = false

  /// Makes the defaults.
  public init() {}

  /// Reads and checks the source; it may name any backbone that is known or registered.
  func source(_ session: CommandSession) throws -> PackSource {
    try PackSource(
      directory: self.directory.directory, allowsNearDuplicates: allowsNearDuplicates,
      backbones: backbones(session))
  }

  /// The names of the backbones that are known or registered.
  func backbones(_ session: CommandSession) -> [String] {
    session.backbones.entries().map(\.known.name).filter { $0 != KnownBackbone.miniLM.name }
      + KnownBackbone.all.map(\.name)
  }
}
