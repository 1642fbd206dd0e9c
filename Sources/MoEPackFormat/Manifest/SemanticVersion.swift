/// A version for people, by the rules of Semantic Versioning 2.0.0, read strictly.
///
/// It orders releases in lists. Rollback protection compares a pack's `release`, never this.
public struct SemanticVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Raised for incompatible changes.
  public let major: Int
  /// Raised for additions.
  public let minor: Int
  /// Raised for corrections.
  public let patch: Int
  /// What follows `-`, split at dots; empty for a release.
  public let prerelease: [String]
  /// What follows `+`, split at dots; says nothing about order.
  public let build: [String]

  /// Reads `1.0.0`, `1.0.0-rc.1`, `1.0.0+build.5`; anything else, `1.0` or `01.0.0` for example, gives `nil`.
  public init?(_ text: String) {
    guard text.utf8.count <= 128, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let (rest, build) = Self.split(text, at: "+")
    let (core, prerelease) = Self.split(rest, at: "-")
    let numbers = core.split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count == 3, let major = Self.number(numbers[0]),
      let minor = Self.number(numbers[1]), let patch = Self.number(numbers[2]),
      let build = Self.identifiers(build, allowsLeadingZero: true),
      let prerelease = Self.identifiers(prerelease, allowsLeadingZero: false)
    else { return nil }
    (self.major, self.minor, self.patch) = (major, minor, patch)
    self.prerelease = prerelease
    self.build = build
  }

  /// The version as it was written.
  public var description: String {
    var text = "\(major).\(minor).\(patch)"
    if !prerelease.isEmpty { text += "-" + prerelease.joined(separator: ".") }
    if !build.isEmpty { text += "+" + build.joined(separator: ".") }
    return text
  }

  /// Orders by precedence (§11 of the rules), and versions that differ in their build alone by its text.
  public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
    let numbers = (left.major, left.minor, left.patch)
    let others = (right.major, right.minor, right.patch)
    if numbers != others { return numbers < others }
    if left.prerelease != right.prerelease {
      if left.prerelease.isEmpty || right.prerelease.isEmpty { return !left.prerelease.isEmpty }
      return left.prerelease.lexicographicallyPrecedes(right.prerelease, by: Self.precedes)
    }
    return left.build.lexicographicallyPrecedes(right.build)
  }

  private static func precedes(_ left: String, _ right: String) -> Bool {
    switch (isNumeric(left), isNumeric(right)) {
    case (true, true):
      left.utf8.count != right.utf8.count ? left.utf8.count < right.utf8.count : left < right
    case (true, false): true
    case (false, true): false
    case (false, false): left.utf8.lexicographicallyPrecedes(right.utf8)
    }
  }

  private static func split(
    _ text: some StringProtocol, at mark: Character
  ) -> (Substring, Substring?) {
    guard let index = text.firstIndex(of: mark) else { return (Substring(text), nil) }
    return (Substring(text[..<index]), Substring(text[text.index(after: index)...]))
  }

  private static func isNumeric(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  private static func hasLeadingZero(_ text: some StringProtocol) -> Bool {
    text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "0")
  }

  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, isNumeric(text), !hasLeadingZero(text) else { return nil }
    return Int(text)
  }

  private static func identifiers(_ text: Substring?, allowsLeadingZero: Bool) -> [String]? {
    guard let text else { return [] }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    for part in parts {
      let isAllowed = part.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
      guard !part.isEmpty, isAllowed else { return nil }
      if !allowsLeadingZero, isNumeric(part), hasLeadingZero(part) { return nil }
    }
    return parts.map(String.init)
  }
}
