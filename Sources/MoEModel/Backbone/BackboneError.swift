public import MoEBase

/// What can be wrong with a backbone, its files, or its profile.
public enum BackboneError: ActionableError {
  /// No backbone of that name or digest is registered.
  case notRegistered(name: String, registered: [String])
  /// A file that the digest covers is not in the directory.
  case missingFile(name: String, directory: String)
  /// A file is not the one that is pinned.
  case wrongFile(name: String, expected: Digest, got: Digest)
  /// The directory is no backbone this program knows.
  case unknownBackbone(directory: String, digest: Digest, known: [String])
  /// A file cannot be read or written.
  case unreadable(path: String, reason: String)
  /// A configuration file is not what the architecture needs.
  case badConfiguration(file: String, path: String, expected: String, got: String)
  /// A tensor is missing, superfluous or of another shape.
  case badTensor(name: String, expected: String, got: String)
  /// A weight of a backbone is NaN or infinite.
  case notFinite(tensor: String, index: Int)
  /// The backbone is of the other kind than what was asked of it.
  case wrongKind(name: String, kind: KnownBackbone.Kind)
  /// A language model was asked to run in another precision than its checkpoint's.
  case precision(Precision, name: String)
  /// No language model was named, and there is not one alone.
  case noOnlyModel(names: [String])
  /// A backbone cannot be called that.
  case badName(String)
  /// Another backbone is called that.
  case nameTaken(name: String, digest: Digest)
  /// The registered backbone has no profile yet.
  case noProfile(name: String)
  /// The profile that was made is not the pinned one.
  case otherProfile(expected: Digest, got: Digest)
  /// A profile's file is not what it must be.
  case badProfile(reason: String)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .notRegistered: "backbone-not-registered"
    case .missingFile: "backbone-file-missing"
    case .wrongFile: "backbone-file-altered"
    case .unknownBackbone: "backbone-unknown"
    case .unreadable: "backbone-unreadable"
    case .badConfiguration: "backbone-configuration"
    case .badTensor: "backbone-tensor"
    case .notFinite: "backbone-not-finite"
    case .wrongKind: "backbone-kind"
    case .precision: "backbone-precision"
    case .noOnlyModel: "backbone-not-registered"
    case .badName, .nameTaken: "backbone-name"
    case .noProfile: "profile-missing"
    case .otherProfile: "profile-other"
    case .badProfile: "profile-bad"
    }
  }

  /// The sentence.
  public var message: String {
    switch self {
    case .notRegistered(let name, let registered):
      "backbone `\(name)` is not registered here, "
        + (registered.isEmpty
          ? "no backbone is"
          : "expected one of \(registered.map { "`\($0)`" }.joined(separator: ", "))")
    case .missingFile(let name, let directory):
      "`\(name)` is not in `\(directory)`, expected every file that the backbone's digest covers"
    case .wrongFile(let name, let expected, let got):
      "`\(name)` is not the pinned file, expected \(expected), got \(got)"
    case .unknownBackbone(let directory, let digest, let known):
      "`\(directory)` holds a backbone that is not known, expected one of "
        + "\(known.joined(separator: ", ")), got \(digest)"
    case .unreadable(let path, let reason):
      "`\(path)` cannot be used: \(reason)"
    case .badConfiguration(let file, let path, let expected, let got):
      "`\(file)`: `\(path)`: expected \(expected), got \(got)"
    case .badTensor(let name, let expected, let got):
      "tensor `\(name)` of the backbone: expected \(expected), got \(got)"
    case .notFinite(let tensor, let index):
      "tensor `\(tensor)` of the backbone: expected finite numbers, got NaN or infinity at element "
        + "\(index)"
    case .wrongKind(let name, .decoder):
      "backbone `\(name)` continues prompts, expected one that embeds texts"
    case .wrongKind(let name, .encoder):
      "backbone `\(name)` embeds texts, expected one that continues prompts"
    case .precision(let precision, let name):
      "backbone `\(name)` cannot run in \(precision.rawValue): a language model has the precision of its "
        + "checkpoint, expected \(Precision.f32.rawValue)"
    case .noOnlyModel(let names):
      names.isEmpty
        ? "no language model is registered here, expected one"
        : "\(names.count) language models are registered here, expected one of "
          + "\(names.map { "`\($0)`" }.joined(separator: ", ")) to be named"
    case .badName(let name):
      "a backbone cannot be called `\(name)`, expected 1 to 64 of a–z, 0–9, `.`, `_` and `-`, a letter "
        + "or digit first"
    case .nameTaken(let name, let digest):
      "`\(name)` is the name of another registered backbone, \(digest)"
    case .noProfile(let name):
      "backbone `\(name)` has no profile, which building and installing packs need"
    case .otherProfile(let expected, let got):
      "the profile made from this corpus is not the pinned one, expected \(expected), got \(got)"
    case .badProfile(let reason):
      "the backbone profile cannot be used: \(reason)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .notRegistered:
      "run `tools/backbone` to fetch and register all-MiniLM-L6-v2, or `moe-pack backbone add DIR`"
    case .missingFile, .wrongFile, .unknownBackbone:
      "nothing was registered; fetch the files again with `tools/backbone`, which checks them"
    case .unreadable: "nothing was changed; check the path and its permissions"
    case .badConfiguration, .badTensor, .notFinite:
      "nothing was registered or loaded; fetch the checkpoint again, whole and unquantised, and see "
        + "`moe-pack help backbone add` for the families that are understood"
    case .noOnlyModel(let names):
      names.isEmpty
        ? "nothing was generated; `moe-pack backbone add DIR` registers a checkpoint"
        : "nothing was generated; name one with `--backbone`"
    case .precision:
      "nothing was done; leave `--precision` out, or set it back with `moe-pack precision f32`"
    case .wrongKind: "nothing was done; `moe-pack backbone list` tells which backbones are here"
    case .badName, .nameTaken: "nothing was registered; choose a name with `--name`"
    case .otherProfile:
      "nothing was written; use wordnet-base 1:3.0 and the project's anchors, or pass `--unpinned`, "
        + "which makes a profile that no other vendor shares"
    case .noProfile, .badProfile:
      "make it with `moe-pack backbone profile --corpus /usr/share/wordnet --anchors "
        + "tools/profile/anchors.jsonl`, or with `tools/backbone`, which does all of it"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .notRegistered, .missingFile, .noProfile: .notFound
    case .unreadable: .inputOutput
    case .noOnlyModel(let names): names.isEmpty ? .notFound : .usage
    case .badName, .nameTaken, .wrongKind, .precision: .usage
    case .wrongFile, .unknownBackbone, .badConfiguration, .badTensor, .notFinite, .badProfile,
      .otherProfile:
      .badData
    }
  }
}
