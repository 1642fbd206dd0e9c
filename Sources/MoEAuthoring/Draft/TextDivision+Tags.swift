import MoEBase

extension TextDivision {
  /// The rows that go to the evals where a text may have any number of labels.
  ///
  /// The rarest label first, and last the texts without any: of each, groups in a seeded order until the share of its
  /// texts is reached; a group that would leave a label with fewer training texts than it needs stays there.
  static func tagChoice(of rows: [VendorTable.Row], share: Double, seed: UInt64) -> Set<Int> {
    let groups = groups(rows)
    var left: [[UInt8]: Int] = [:]
    for key in rows.flatMap(keys) { left[key, default: 0] += 1 }
    let counts = left
    var generator = SeededGenerator(seed: seed)
    var chosen: Set<Int> = []
    func take(_ groups: [[Int]], upTo most: Int, of isOwn: (Int) -> Bool) {
      var missing = most - chosen.count(where: isOwn)
      var shuffled = groups
      generator.shuffle(&shuffled)
      for group in shuffled where missing > 0 && !chosen.contains(group[0]) {
        let own = group.count(where: isOwn)
        let lost = Dictionary(group.flatMap { keys(rows[$0]) }.map { ($0, 1) }, uniquingKeysWith: +)
        guard own <= missing,
          lost.allSatisfy({ left[$0.key, default: 0] - $0.value >= PackSource.leastTexts })
        else { continue }
        chosen.formUnion(group)
        for (key, count) in lost { left[key, default: 0] -= count }
        missing -= own
      }
    }
    func most(of count: Int) -> Int { max(1, Int((Double(count) * share).rounded())) }
    let byRarity = counts.sorted {
      $0.value != $1.value ? $0.value < $1.value : $0.key.lexicographicallyPrecedes($1.key)
    }
    for (label, count) in byRarity {
      take(
        groups.filter { group in group.contains { keys(rows[$0]).contains(label) } },
        upTo: most(of: count)
      ) { keys(rows[$0]).contains(label) }
    }
    let bare = rows.count { $0.labels.isEmpty }
    if bare > 0 {
      take(
        groups.filter { group in group.allSatisfy { rows[$0].labels.isEmpty } },
        upTo: most(of: bare)
      ) { rows[$0].labels.isEmpty }
    }
    return chosen
  }
}
