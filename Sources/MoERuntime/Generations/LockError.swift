public import MoEBase

/// Why a lock file cannot be applied.
public enum LockError: ActionableError, Equatable {
  /// The file is not there.
  case missing(file: String)
  /// The file is no lock file.
  case malformed(file: String, path: String, expected: String, got: String)
  /// A newer program wrote it.
  case newer(file: String, version: Int, known: Int)
  /// It was written for something else than this machine has.
  case otherGround(what: String, locked: String, got: String)
  /// A pack is nowhere to be found.
  case packMissing(pack: String, digest: Digest, places: Int)
  /// A pack of that name and release is there, with another digest.
  case packDiffers(pack: String, locked: Digest, file: String, got: Digest)
  /// What the packs came to is not what was locked.
  case otherComposition(locked: Digest, got: Digest)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .missing: "lock-not-found"
    case .malformed: "lock-malformed"
    case .newer: "lock-newer"
    case .otherGround: "lock-other-ground"
    case .packMissing: "lock-pack-missing"
    case .packDiffers: "lock-pack-differs"
    case .otherComposition: "lock-other-composition"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .missing(let file): "`\(file)` does not exist, expected a lock file"
    case .malformed(let file, let path, let expected, let got):
      "`\(file)` is no lock file: `\(path)`: expected \(expected), got \(got)"
    case .newer(let file, let version, let known):
      "`\(file)` has version \(version) of the lock file, expected \(known)"
    case .otherGround(let what, let locked, let got):
      "the lock file was written for another \(what): expected \(locked), got \(got)"
    case .packMissing(let pack, let digest, let places):
      "`\(pack)` (\(digest)) is neither in the store nor among the \(places) files of `--from`, "
        + "expected a file of that pack"
    case .packDiffers(let pack, let locked, let file, let got):
      "`\(file)` is another `\(pack)` than the lock file names: expected \(locked), got \(got)"
    case .otherComposition(let locked, let got):
      "the packs come to another composition than was locked: expected \(locked), got \(got)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .missing: "nothing was changed; `moe-pack lock` writes one where the packs are installed"
    case .malformed: "nothing was changed; write it anew with `moe-pack lock`"
    case .newer: "nothing was changed; use a newer moe-pack"
    case .otherGround:
      "nothing was changed; `moe-pack backbone list` shows what this machine has: bring the backbone "
        + "and the profile that were locked"
    case .packMissing:
      "nothing was changed; name the directory it lies in with `--from`"
    case .packDiffers:
      "nothing was changed; bring the file that was locked, or lock the store anew with `moe-pack lock`"
    case .otherComposition:
      "nothing was changed; the lock file was edited, or written by another version: write it anew with "
        + "`moe-pack lock`"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .missing, .packMissing: .notFound
    case .malformed, .newer, .otherGround, .packDiffers, .otherComposition: .badData
    }
  }
}
