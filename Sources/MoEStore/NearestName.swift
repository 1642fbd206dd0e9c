/// The name a person most likely meant, or `nil` when none is near.
///
/// A name is near when it equals `name` after the namespace, or when few insertions, removals and
/// replacements of bytes (a third of the length at most) turn one into the other.
func nearestName(to name: String, among names: [String]) -> String? {
  let wanted = Array(name.utf8.prefix(128))
  if let suffix = names.first(where: { candidate in
    candidate.split(separator: "/").last.map { Array($0.utf8) == wanted } ?? false
  }) {
    return suffix
  }
  let ranked = names.map { (name: $0, distance: editDistance(Array($0.utf8), wanted)) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= max(1, wanted.count / 3) ? best.name : nil
}

/// The least number of insertions, removals and replacements that turn `a` into `b` (Levenshtein).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let above = row[j + 1]
      row[j + 1] = min(row[j] + 1, above + 1, diagonal + (x == y ? 0 : 1))
      diagonal = above
    }
  }
  return row[b.count]
}
