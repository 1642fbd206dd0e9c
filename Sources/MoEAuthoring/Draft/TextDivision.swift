public import MoEBase

/// Labelled texts divided into training and evals, near duplicates never on both sides.
///
/// Texts that are nearly the same (``ShingleIndex``), or filled into one template (``TextTemplate``), stay together. In
/// every label a seeded choice of such groups, as many texts as the share asks for, goes to the evals; a group with
/// several labels goes to training, and a label keeps the texts that training needs. The same table and seed give the
/// same division.
public struct TextDivision: Sendable {
  /// Whether a text has one label or any number.
  public let kind: TaskKind
  /// What to learn from, in the order of the table.
  public let train: [VendorTable.Row]
  /// What to choose an epoch by, where the table brings it.
  public let valid: [VendorTable.Row]
  /// What to measure by.
  public let eval: [VendorTable.Row]
  /// The labels, in the order of their bytes.
  public let labels: [String]
  /// Rows left out because the same text came before, with the same label.
  public let duplicates: Int
  /// Where texts stand that have two answers; all left out.
  public let contradictions: [String]
  /// Training rows left out because a text to measure or choose by is nearly the same.
  public let leaks: Int
  /// Labels left out because they have too few texts, and how many those were.
  public let rare: [(label: String, count: Int)]

  /// The share of the texts that goes to the evals, where the table brings none.
  public static let evalShare = 0.2
  /// The least texts of a label: those training needs, and one to measure by.
  public static let leastTexts = PackSource.leastTexts + 1

  /// Divides a table.
  ///
  /// - Parameters:
  ///   - table: The texts; its test split, where it has one, is what is measured by.
  ///   - evals: Texts to measure by in place of that.
  ///   - evalShare: The share of the texts that goes to the evals otherwise.
  ///   - dropsRare: Whether labels with too few texts are left out, and not refused.
  ///   - seed: Seeds the choice.
  /// - Throws: ``SourceError``.
  public init(
    _ table: VendorTable, evals: [VendorTable.Row] = [], evalShare: Double = Self.evalShare,
    dropsRare: Bool = false, seed: UInt64 = 1
  ) throws {
    kind = table.kind
    let given = evals.isEmpty ? table.test : evals
    let measured = Self.unique(given)
    let chosen = Self.unique(table.valid)
    let learnt = Self.unique(table.train)
    duplicates = measured.duplicates + chosen.duplicates + learnt.duplicates
    contradictions = (learnt.contradictions + chosen.contradictions + measured.contradictions)
      .map(\.place.description)
    let held = ShingleIndex((measured.rows + chosen.rows).map(\.text))
    var training = learnt.rows.filter { held.nearDuplicates(of: $0.text).isEmpty }
    leaks = learnt.rows.count - training.count
    let least = measured.rows.isEmpty ? Self.leastTexts : PackSource.leastTexts
    let counts = Dictionary(training.flatMap(Self.keys).map { ($0, 1) }, uniquingKeysWith: +)
    let few = counts.filter { $0.value < least }
      .map { (label: String(decoding: $0.key, as: UTF8.self), count: $0.value) }
      .sorted { Array($0.label.utf8).lexicographicallyPrecedes(Array($1.label.utf8)) }
    if let first = few.first {
      guard dropsRare, few.count < counts.count else {
        throw SourceError.rareLabel(
          file: training.first?.place.file ?? "", label: first.label, count: first.count,
          least: least)
      }
    }
    rare = few
    let known = Set(counts.filter { $0.value >= least }.keys)
    guard !known.isEmpty else {
      throw SourceError.badLine(
        file: training.first?.place.file ?? "", line: 1, expected: "some text to have a label",
        got: "no label at all")
    }
    training = Self.rows(training, of: known, kind: kind)
    labels = known.sorted { $0.lexicographicallyPrecedes($1) }
      .map { String(decoding: $0, as: UTF8.self) }
    valid = Self.rows(chosen.rows, of: known, kind: kind)
    guard measured.rows.isEmpty else {
      train = training
      let validIndex = ShingleIndex(valid.map(\.text))
      eval = Self.rows(measured.rows, of: known, kind: kind).filter {
        validIndex.nearDuplicates(of: $0.text).isEmpty
      }
      return
    }
    let toEval =
      kind == .tag
      ? Self.tagChoice(of: training, share: evalShare, seed: seed)
      : Self.choice(of: training, share: evalShare, seed: seed)
    train = training.indices.filter { !toEval.contains($0) }.map { training[$0] }
    eval = training.indices.filter { toEval.contains($0) }.map { training[$0] }
  }

  static func keys(_ row: VendorTable.Row) -> [[UInt8]] { row.labels.map { Array($0.utf8) } }
  private static func key(_ row: VendorTable.Row) -> [UInt8] { keys(row).first ?? [] }

  /// The rows that have a known label; of any number of labels, every row with those of its labels that are known.
  private static func rows(
    _ rows: [VendorTable.Row], of known: Set<[UInt8]>, kind: TaskKind
  ) -> [VendorTable.Row] {
    guard kind == .tag else { return rows.filter { known.contains(key($0)) } }
    return rows.map { row in
      var row = row
      row.labels.removeAll { !known.contains(Array($0.utf8)) }
      return row
    }
  }

  /// Every text once: the first of several with one label, none of several with two.
  private static func unique(
    _ rows: [VendorTable.Row]
  ) -> (rows: [VendorTable.Row], duplicates: Int, contradictions: [VendorTable.Row]) {
    var byText: [[UInt8]: [Int]] = [:]
    for (index, row) in rows.enumerated() {
      byText[Array(row.text.utf8), default: []].append(index)
    }
    var kept: [Int] = []
    var contradicting: [Int] = []
    for indices in byText.values {
      let isOne = Set(indices.map { Set(keys(rows[$0])) }).count == 1
      if isOne { kept.append(indices[0]) } else { contradicting += indices }
    }
    return (
      kept.sorted().map { rows[$0] }, rows.count - kept.count - contradicting.count,
      contradicting.sorted().map { rows[$0] }
    )
  }

  /// The rows that go to the evals.
  private static func choice(
    of rows: [VendorTable.Row], share: Double, seed: UInt64
  ) -> Set<Int> {
    var groupsByLabel: [[UInt8]: [[Int]]] = [:]
    var counts: [[UInt8]: Int] = [:]
    for row in rows { counts[key(row), default: 0] += 1 }
    for group in groups(rows) {
      let labels = Set(group.map { key(rows[$0]) })
      guard labels.count == 1, let label = labels.first else { continue }
      groupsByLabel[label, default: []].append(group)
    }
    var generator = SeededGenerator(seed: seed)
    var chosen: Set<Int> = []
    for (label, groups) in groupsByLabel.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let count = counts[label] ?? 0
      let most = min(
        max(1, Int((Double(count) * share).rounded())), count - PackSource.leastTexts)
      var left = most
      var shuffled = groups
      generator.shuffle(&shuffled)
      for group in shuffled where group.count <= left {
        chosen.formUnion(group)
        left -= group.count
      }
    }
    return chosen
  }

  /// The rows in groups of near duplicates, each in the order of its rows.
  static func groups(_ rows: [VendorTable.Row]) -> [[Int]] {
    var parent = Array(rows.indices)
    func root(_ index: Int) -> Int {
      var index = index
      while parent[index] != index {
        parent[index] = parent[parent[index]]
        index = parent[index]
      }
      return index
    }
    func join(_ first: Int, _ second: Int) {
      let (first, second) = (root(first), root(second))
      parent[max(first, second)] = min(first, second)
    }
    let index = ShingleIndex(rows.map(\.text))
    var byTemplate: [String: Int] = [:]
    for (row, entry) in rows.enumerated() {
      for near in index.nearDuplicates(of: entry.text) { join(row, near) }
      guard let template = TextTemplate.template(of: entry.text) else { continue }
      if let first = byTemplate[template] { join(row, first) } else { byTemplate[template] = row }
    }
    let byRoot = Dictionary(grouping: rows.indices, by: root)
    return byRoot.sorted { $0.key < $1.key }.map(\.value)
  }
}
