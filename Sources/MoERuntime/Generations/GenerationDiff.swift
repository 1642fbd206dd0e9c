public import MoEBase
import MoEPackFormat
public import MoEStore

/// What is different between two generations: packs, the threshold, the precision, and what the suite measured.
public struct GenerationDiff: Sendable, Equatable {
  /// A pack under one name and two digests.
  public struct Replacement: Sendable, Equatable {
    /// As the first generation has it.
    public let before: InstalledPack
    /// As the second one has it.
    public let after: InstalledPack
  }

  /// One figure of an eval set that both generations' suites measured.
  public struct ChangedResult: Sendable, Equatable {
    /// `namespace/name`.
    public let pack: String
    /// The eval set.
    public let eval: String
    /// The figure's word in the report: `value`, `ownSelected`, ….
    public let figure: String
    /// The first generation's value; `nil` where its report has none.
    public let before: Double?
    /// The second one's.
    public let after: Double?
  }

  /// The first generation.
  public let first: Generation
  /// The second one.
  public let second: Generation
  /// The packs that the second one alone has, by name.
  public let added: [InstalledPack]
  /// The packs that the first one alone has, by name.
  public let removed: [InstalledPack]
  /// The packs that both have, as two releases.
  public let replaced: [Replacement]
  /// The figures that differ, of packs that both reports tell of.
  public let results: [ChangedResult]

  /// Compares two generations whose packs are in the store.
  public init(_ first: Generation, _ second: Generation) {
    self.first = first
    self.second = second
    added = second.packs.filter { first.pack(named: $0.name.description) == nil }
    removed = first.packs.filter { second.pack(named: $0.name.description) == nil }
    replaced = first.packs.compactMap { pack in
      guard let other = second.pack(named: pack.name.description), other.digest != pack.digest
      else { return nil }
      return Replacement(before: pack, after: other)
    }
    results = Self.results(SuiteFigures(first.report), SuiteFigures(second.report))
  }

  /// Whether both generations answer alike.
  public var isEmpty: Bool {
    added.isEmpty && removed.isEmpty && replaced.isEmpty && first.threshold == second.threshold
      && first.precision == second.precision
  }

  private static func results(_ before: SuiteFigures, _ after: SuiteFigures) -> [ChangedResult] {
    after.order.compactMap { key -> ChangedResult? in
      guard before.packs.contains(key.pack), before.values[key] != after.values[key] else {
        return nil
      }
      return ChangedResult(
        pack: key.pack, eval: key.eval, figure: key.figure, before: before.values[key],
        after: after.values[key])
    }
  }
}

/// The numbers of a suite's report, by pack, eval set and word.
private struct SuiteFigures {
  struct Key: Hashable {
    let pack: String
    let eval: String
    let figure: String
  }

  private(set) var packs: Set<String> = []
  private(set) var values: [Key: Double] = [:]
  private(set) var order: [Key] = []

  init(_ report: JSONValue?) {
    guard case .array(let packs)? = report?["packs"] else { return }
    for pack in packs {
      guard case .string(let name)? = pack["pack"], case .array(let evals)? = pack["evals"] else {
        continue
      }
      self.packs.insert(name)
      for eval in evals {
        guard case .string(let set)? = eval["eval"], case .object(let members) = eval else {
          continue
        }
        for member in members {
          let key = Key(pack: name, eval: set, figure: member.key)
          switch member.value {
          case .number(let value): values[key] = value
          case .integer(let value): values[key] = Double(value)
          default: continue
          }
          order.append(key)
        }
      }
    }
  }
}

extension GenerationDiff.ChangedResult {
  /// The figure as JSON.
  public var json: JSONValue {
    [
      "pack": .string(pack), "eval": .string(eval), "figure": .string(figure),
      "before": before.map(JSONValue.number) ?? .null,
      "after": after.map(JSONValue.number) ?? .null,
    ]
  }
}
