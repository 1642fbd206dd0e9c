/// The names of a pack's entries, in the order in which they lie in the archive (SPEC, archive).
public enum EntryName {
  /// The signed envelope; always first.
  public static let envelope = "moepack.dsse"
  /// The experts; absent where the frozen head won.
  public static let experts = "experts.safetensors"
  /// The dispatcher's rows and the expert routers: the router extension.
  public static let router = "router.safetensors"
  /// The heads of all tasks.
  public static let heads = "heads.safetensors"
  /// Titles and authorities of the labels.
  public static let labels = "labels.json"
  /// The card, for people.
  public static let card = "card.md"
  /// The licence's text.
  public static let license = "license"

  /// The entry of an eval set: `evals/<name>.jsonl`.
  public static func evaluation(_ name: String) -> String { "evals/\(name).jsonl" }

  /// The media type of an entry; `nil` for a name that no entry of format 1 has.
  public static func mediaType(of name: String) -> String? {
    switch name {
    case experts, router, heads: "application/vnd.moe-pack.tensors.v1+safetensors"
    case labels: "application/vnd.moe-pack.labels.v1+json"
    case card: "text/markdown"
    case license: "text/plain"
    case _ where name.hasPrefix("evals/"): "application/vnd.moe-pack.eval.v1+jsonl"
    default: nil
    }
  }

  /// Whether an entry holds tensors.
  public static func holdsTensors(_ name: String) -> Bool {
    name == experts || name == router || name == heads
  }

  /// Whether the bytes may name an entry of an archive at all.
  ///
  /// `^[a-z0-9][a-z0-9._-]{0,63}(/[a-z0-9][a-z0-9._-]{0,63}){0,3}$`, at most 100 bytes: what fits the
  /// name field of a tar header.
  public static func isAllowed(_ bytes: some Collection<UInt8>) -> Bool {
    guard bytes.count <= 100 else { return false }
    let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return (1...4).contains(parts.count) && parts.allSatisfy { isWord($0, atMost: 64, and: "._-") }
  }
}
