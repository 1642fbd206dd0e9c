public import MoEBase
import MoEPackFormat
import MoEStore

/// Why packs cannot stand beside each other, by what they declare.
public enum RelationError: ActionableError, Equatable {
  /// A pack that is needed would not be there, or in too old a version.
  case missing(pack: String, requirement: String, got: String?)
  /// A pack would be there that another one declares to conflict with.
  case conflict(pack: String, other: String)
  /// A pack would be there whose place another publisher's pack says it takes.
  case superseded(pack: String, by: String)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .missing: "requirement-missing"
    case .conflict: "packs-conflict"
    case .superseded: "pack-superseded"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .missing(let pack, let requirement, let got):
      "`\(pack)` requires `\(requirement)`: expected it to be installed, "
        + (got.map { "got `\($0)`" } ?? "got no such pack")
    case .conflict(let pack, let other):
      "`\(pack)` declares that it conflicts with `\(other)`: expected one of them, got both"
    case .superseded(let pack, let successor):
      "`\(successor)` says that it takes the place of `\(pack)`, which is another publisher's: "
        + "expected one of them, got both"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .missing(_, let requirement, _):
      "the store is unchanged; install `\(requirement)` with it, or change both packs in one command, "
        + "or take the pack out all the same with `moe-pack remove --force`"
    case .conflict(_, let other): "the store is unchanged; `moe-pack remove \(other)` first"
    case .superseded(let pack, _):
      "the store is unchanged; `moe-pack remove \(pack)` first, if you want the other one in its place"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .refused }
}

/// What the packs of a set declare of each other.
struct PackRelations {
  private let packs: [(name: PackName, version: SemanticVersion, manifest: Manifest)]

  /// Reads what packs declare; one whose envelope is damaged declares nothing.
  init(_ packs: [InstalledPack]) {
    self.packs = packs.compactMap { pack in
      (try? pack.manifest()).map { (pack.name, pack.version, $0) }
    }
  }

  /// Everything that does not hold.
  var faults: [RelationError] {
    packs.flatMap { pack in
      pack.manifest.requires.compactMap(fault(of: pack))
        + packs.compactMap { other in
          if pack.manifest.conflicts.contains(other.name) {
            return .conflict(pack: Self.label(pack), other: other.name.description)
          }
          guard pack.manifest.supersedes.contains(other.name) else { return nil }
          return .superseded(pack: other.name.description, by: Self.label(pack))
        }
    }
  }

  /// The first fault that an earlier set did not have.
  func check(after earlier: PackRelations) throws {
    let known = earlier.faults
    if let fault = faults.first(where: { !known.contains($0) }) { throw fault }
  }

  private typealias Pack = (name: PackName, version: SemanticVersion, manifest: Manifest)

  private static func label(_ pack: Pack) -> String { "\(pack.name) \(pack.version)" }

  private func fault(of pack: Pack) -> (PackRequirement) -> RelationError? {
    { requirement in
      let there = packs.first { $0.name == requirement.pack }
      if let there, requirement.isMet(by: there.name, there.version) { return nil }
      return .missing(
        pack: Self.label(pack), requirement: requirement.description, got: there.map(Self.label))
    }
  }
}
