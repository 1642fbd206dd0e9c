import MoEAuthoring
import MoEBase
import MoEPackFormat

/// A pack file against what its source gives: which entries differ, and what of the build could be why.
struct Reproduction {
  let file: String
  let claimed: Manifest
  let built: Manifest

  /// The entries that differ.
  var entries: [String] {
    let names =
      claimed.entries.map(\.name)
      + built.entries.map(\.name).filter { name in
        !claimed.entries.contains { $0.name == name }
      }
    return names.filter { name in
      claimed.entries.first { $0.name == name }?.digest
        != built.entries.first { $0.name == name }?.digest
    }
  }

  /// What differs in how both were built.
  var circumstances: [String] {
    let (first, second) = (claimed.provenance, built.provenance)
    let facts = [
      ("trainer", first.trainer, second.trainer),
      ("seed", "\(first.seed)", "\(second.seed)"),
      ("CPU class", first.cpuClass, second.cpuClass), ("kernels", first.kernels, second.kernels),
      ("backbone", claimed.backbone.digest.short, built.backbone.digest.short),
      ("backbone profile", claimed.profile.short, built.profile.short),
    ].filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1), here \($0.2)" }
    let files = first.data.filter { old in
      second.data.first { $0.file == old.file }?.digest != old.digest
    }.map { "another `\($0.file)`" }
    return facts + files
  }

  /// The sentence.
  var error: SourceError {
    .notReproduced(
      file: file,
      entries: entries.isEmpty ? ["the manifest"] : entries, circumstances: circumstances)
  }
}
