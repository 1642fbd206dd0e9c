/// A pack that must be installed beside another one, and from which version on.
public struct PackRequirement: Sendable, Equatable, CustomStringConvertible {
  /// The pack.
  public let pack: PackName
  /// The least version that will do; any where it is `nil`.
  public let leastVersion: SemanticVersion?

  /// What a list of requirements holds, for error sentences.
  public static let rule =
    "at most 1024 packs, `namespace/name` or `namespace/name >= 1.2.0`, none twice"

  /// Makes a requirement.
  public init(_ pack: PackName, leastVersion: SemanticVersion? = nil) {
    self.pack = pack
    self.leastVersion = leastVersion
  }

  /// Reads `namespace/name` or `namespace/name >= 1.2.0`; anything else gives `nil`.
  public init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 1 || words.count == 3 && words[1] == ">=",
      let pack = PackName(words[0])
    else { return nil }
    guard words.count == 3 else {
      self.init(pack)
      return
    }
    guard let version = SemanticVersion(words[2]) else { return nil }
    self.init(pack, leastVersion: version)
  }

  /// As it is written.
  public var description: String {
    leastVersion.map { "\(pack) >= \($0)" } ?? pack.description
  }

  /// Whether a pack of that name and version will do.
  public func isMet(by pack: PackName, _ version: SemanticVersion) -> Bool {
    pack == self.pack && leastVersion.map { $0 <= version } ?? true
  }
}
