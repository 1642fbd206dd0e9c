public import MoEBase
import MoEPackFormat

/// One immutable set of installed packs, with who made it, when and how.
///
/// Every change of a store makes a new generation; the one with the greatest number is active.
/// Generation 0 is the empty set a store is born with.
public struct Generation: Sendable, Equatable {
  /// Its number.
  public let id: Int
  /// The generation that was active before; `nil` for generation 0.
  public let parent: Int?
  /// When it was made, in ISO 8601, as the caller said; `nil` for generation 0.
  public let createdAt: String?
  /// Who made it, as the caller said.
  public let actor: String
  /// What was done: `install example/x 1.0.0 (release 1)`.
  public let action: String
  /// Why, in the operator's words; `nil` where nothing was said.
  public let reason: String?
  /// Whether the regression suite passed; `false` after `--no-eval`.
  public let isProven: Bool
  /// What the regression suite reported.
  public let report: JSONValue?
  /// How probable a pack must be to answer, as the operator set it for all packs alike; 0 … 1, both excluded.
  public let threshold: Double
  /// The precision its packs answer in, as the operator set it.
  public let precision: Precision
  /// Whether its packs are still in the store; `gc` lets go of all but the newest.
  public let isKept: Bool
  /// The packs, ordered by the bytes of their names; empty when it is no longer kept.
  public let packs: [InstalledPack]

  /// The threshold of a store whose operator set none: a pack needs to be more probable than not.
  public static let defaultThreshold = 0.5

  /// The pack of that name, compared byte by byte.
  public func pack(named name: String) -> InstalledPack? {
    packs.first { $0.name.description.utf8.elementsEqual(name.utf8) }
  }
}

/// What the regression suite says of a candidate generation.
public struct Verdict: Sendable {
  /// Whether the suite ran and passed.
  public let isProven: Bool
  /// What it reported, kept with the generation.
  public let report: JSONValue?

  /// The suite was not run.
  public static let unproven = Verdict(isProven: false, report: nil)

  /// The suite passed.
  public static func proven(_ report: JSONValue? = nil) -> Verdict {
    Verdict(isProven: true, report: report)
  }
}
