public import MoEBase

/// Why a composition cannot be made, or cannot answer as it was asked to.
public enum RuntimeError: ActionableError, Equatable {
  /// A pack was made for another backbone.
  case wrongBackbone(pack: String, name: String, digest: Digest, loadedName: String, loaded: Digest)
  /// A pack was made with another tokenizer.
  case wrongTokenizer(pack: String, digest: Digest, loaded: Digest)
  /// A pack's dispatcher rows were made from another backbone profile.
  case wrongProfile(pack: String, digest: Digest, loaded: Digest)
  /// A pack's dispatcher rows follow another version of the gate's mathematics.
  case wrongGate(pack: String, version: Int, known: Int)
  /// A pack has experts in a layer that the backbone does not have.
  case wrongLayer(pack: String, layer: Int, layerCount: Int)
  /// A pack has a task that its backbone cannot do.
  case wrongTask(pack: String, task: String, kind: String)
  /// A file of an installed pack is not what was installed.
  case damagedEntry(pack: String, entry: String, reason: String)
  /// A line of an eval set cannot be used.
  case badEvalLine(pack: String, entry: String, line: Int, expected: String, got: String)
  /// An eval set is not the one that the manifest speaks of.
  case badEvalSet(pack: String, entry: String, expected: String, got: String)
  /// A pack that was named gives no margin: its rows are not finite on this text.
  case noMargin(pack: String)
  /// A change names the same pack twice.
  case namedTwice(pack: String)
  /// A forced answer was asked for and no pack is installed.
  case nothingToForce

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .wrongBackbone: "pack-wrong-backbone"
    case .wrongTokenizer: "pack-wrong-tokenizer"
    case .wrongProfile: "pack-wrong-profile"
    case .wrongGate: "pack-wrong-gate"
    case .wrongLayer: "pack-wrong-layer"
    case .wrongTask: "pack-wrong-task"
    case .damagedEntry: "pack-entry-damaged"
    case .badEvalLine, .badEvalSet: "pack-eval-set"
    case .noMargin: "pack-no-margin"
    case .namedTwice: "pack-named-twice"
    case .nothingToForce: "nothing-installed"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .wrongBackbone(let pack, let name, let digest, let loadedName, let loaded):
      "`\(pack)` was made for backbone `\(name)` (\(digest)), and this store runs on "
        + "`\(loadedName)` (\(loaded))"
    case .wrongTokenizer(let pack, let digest, let loaded):
      "`\(pack)` was made with another tokenizer: expected \(loaded), got \(digest)"
    case .wrongProfile(let pack, let digest, let loaded):
      "the dispatcher rows of `\(pack)` were made from another backbone profile: "
        + "expected \(loaded), got \(digest)"
    case .wrongGate(let pack, let version, let known):
      "`\(pack)` follows version \(version) of the gate's mathematics, expected \(known)"
    case .wrongLayer(let pack, let layer, let layerCount):
      "`\(pack)` has experts in layer \(layer), expected layers from 0 to \(layerCount - 1)"
    case .wrongTask(let pack, let task, let kind):
      "task `\(task)` of `\(pack)` is of kind `\(kind)`, expected "
        + (TaskKind(rawValue: kind)?.hasLabels == true
          ? "`choose`, `generate` or `perplexity` on a language model"
          : "`classify` or `tag` on an encoder")
    case .damagedEntry(let pack, let entry, let reason):
      "`\(entry)` of `\(pack)` is not what was installed: \(reason)"
    case .badEvalLine(let pack, let entry, let line, let expected, let got):
      "`\(entry)` of `\(pack)`, line \(line): expected \(expected), got \(got)"
    case .badEvalSet(let pack, let entry, let expected, let got):
      "`\(entry)` of `\(pack)`: expected \(expected), got \(got)"
    case .noMargin(let pack):
      "the dispatcher rows of `\(pack)` give this text a score that is not finite"
    case .namedTwice(let pack): "`\(pack)` is named twice, expected every pack once"
    case .nothingToForce: "no pack is installed, expected at least one to force an answer from"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .wrongBackbone:
      "nothing was changed; ask the publisher for a build on this backbone, or see "
        + "`moe-pack backbone list`"
    case .wrongTokenizer, .wrongLayer, .wrongTask:
      "nothing was changed; ask the publisher to build the pack again with the backbone's own files"
    case .wrongProfile:
      "nothing was changed; `moe-pack backbone list` shows the profile of this machine: make the "
        + "published one, or build the pack again on this one"
    case .wrongGate(_, let version, let known):
      version > known
        ? "nothing was changed; use a newer moe-pack"
        : "nothing was changed; ask the publisher to build the pack again"
    case .damagedEntry:
      "no answer was given; `moe-pack verify` names every damaged file: remove the pack, then install "
        + "it again from its archive"
    case .badEvalLine, .badEvalSet:
      "nothing was changed; tell the publisher, for the pack's claims cannot be checked"
    case .noMargin:
      "no other pack answered in its place; take it out with `moe-pack remove` and tell its publisher"
    case .namedTwice: "nothing was changed; name it once"
    case .nothingToForce: "install a pack with `moe-pack install PACK`"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .damagedEntry: .corruption
    case .noMargin: .refused
    case .nothingToForce: .notFound
    case .namedTwice: .usage
    default: .badData
    }
  }
}
