import Foundation
public import MoEBase
import MoEPackFormat
import MoERuntime

/// Which packs a key may use: those that all of what it names fits.
public struct AccessRule: Sendable, Equatable {
  /// Names (`acme/contracts`), namespaces (`acme/*`) or all (`*`).
  public var packs: [String]
  /// Jurisdictions, one of which the pack must be about; any where empty.
  public var regions: [String]
  /// Languages, one of which the pack must be about; any where empty.
  public var languages: [String]
  /// Kinds of tasks, all of the pack's must be among; any where empty.
  public var kinds: [TaskKind]

  /// Makes a rule.
  public init(
    packs: [String], regions: [String] = [], languages: [String] = [], kinds: [TaskKind] = []
  ) {
    self.packs = packs
    self.regions = regions
    self.languages = languages
    self.kinds = kinds
  }

  /// Every pack.
  public static let everything = AccessRule(packs: ["*"])

  /// Whether a text may stand in ``packs``.
  public static func isPattern(_ text: String) -> Bool {
    NamespacePattern(text) != nil && text.contains("*") || PackName(text) != nil
  }

  /// Why the rule leaves a pack out; `nil` where it lets it in.
  func refusal(of manifest: Manifest) -> String? {
    guard packs.contains(where: { Self.covers($0, manifest.pack) }) else { return "packs" }
    if !regions.isEmpty, !Self.meet(regions, manifest.about.jurisdictions) { return "regions" }
    if !languages.isEmpty, !Self.meet(languages, manifest.about.languages) { return "languages" }
    if !kinds.isEmpty, !manifest.tasks.allSatisfy({ kinds.contains($0.kind) }) { return "kinds" }
    return nil
  }

  /// Whether a pattern covers a name.
  static func covers(_ pattern: String, _ name: PackName) -> Bool {
    if pattern.utf8.elementsEqual(name.description.utf8) { return true }
    return pattern.contains("*") && NamespacePattern(pattern)?.covers(name) == true
  }

  private static func meet(_ left: [String], _ right: [String]) -> Bool {
    left.contains { one in right.contains { $0.utf8.elementsEqual(one.utf8) } }
  }

  // MARK: - JSON

  init(_ source: JSONReader) throws(JSONSchemaError) {
    var reader = source
    packs = try reader.strings("packs")
    for (index, pack) in packs.enumerated() where !Self.isPattern(pack) {
      throw JSONSchemaError(
        path: "\(reader.path(of: "packs"))[\(index)]",
        expected: "`namespace/name`, `namespace/*` or `*`", got: "`\(pack.printable)`")
    }
    func words(_ key: String) throws(JSONSchemaError) -> [String] {
      reader.optional(key) == nil ? [] : try reader.strings(key)
    }
    regions = try words("regions")
    languages = try words("languages")
    kinds = []
    for (index, word) in try words("kinds").enumerated() {
      guard let kind = TaskKind(rawValue: word) else {
        throw JSONSchemaError(
          path: "\(reader.path(of: "kinds"))[\(index)]",
          expected: TaskKind.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
          got: "`\(word.printable)`")
      }
      kinds.append(kind)
    }
    try reader.finish()
  }

  var json: JSONValue {
    var members = [JSONMember("packs", .array(packs.map(JSONValue.string)))]
    func add(_ key: String, _ words: [String]) {
      if !words.isEmpty { members.append(JSONMember(key, .array(words.map(JSONValue.string)))) }
    }
    add("regions", regions)
    add("languages", languages)
    add("kinds", kinds.map(\.rawValue))
    return .object(members)
  }
}
