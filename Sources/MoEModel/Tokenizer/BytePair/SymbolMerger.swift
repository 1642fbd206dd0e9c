/// Merges the symbols of one piece of text until no pair of neighbours can be merged.
///
/// The pair of the lowest rank is merged first, of equal ones the leftmost. A short piece is scanned for
/// it, a long one keeps its pairs in a priority queue: O(n log n).
///
/// Reference: Sennrich, Haddow & Birch, *Neural Machine Translation of Rare Words with Subword Units*
/// (2016), arXiv:1508.07909.
struct SymbolMerger {
  /// Pieces of more symbols use the queue.
  static let scanLimit = 40

  /// The symbols; merging shortens them.
  var symbols: [Int32] = []
  /// What a symbol and its right neighbour become.
  private var pairs: [UInt64] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var queue = MinimumQueue()

  /// Merges ``symbols`` by a table.
  mutating func merge(by table: MergeTable) {
    guard symbols.count > 1 else { return }
    pairs.removeAll(keepingCapacity: true)
    for index in 1..<symbols.count { pairs.append(table[symbols[index - 1], symbols[index]]) }
    pairs.append(MergeTable.none)
    if symbols.count <= Self.scanLimit { scan(table) } else { drain(table) }
  }

  private mutating func scan(_ table: MergeTable) {
    while true {
      var best = MergeTable.none
      var place = 0
      for index in pairs.indices where pairs[index] < best {
        best = pairs[index]
        place = index
      }
      guard best != MergeTable.none else { return }
      symbols[place] = Int32(truncatingIfNeeded: best)
      symbols.remove(at: place + 1)
      pairs.remove(at: place + 1)
      let last = symbols.count - 1
      pairs[place] = place < last ? table[symbols[place], symbols[place + 1]] : MergeTable.none
      if place > 0 { pairs[place - 1] = table[symbols[place - 1], symbols[place]] }
    }
  }

  /// Takes pairs `rank << 32 | place` from the queue; one that is no longer there is passed over.
  private mutating func drain(_ table: MergeTable) {
    let count = symbols.count
    next = (0..<count).map { Int32($0 + 1 < count ? $0 + 1 : -1) }
    previous = (0..<count).map { Int32($0 - 1) }
    queue.removeAll()
    for place in pairs.indices { push(place) }
    while let entry = queue.popMinimum() {
      let place = Int(entry & 0xFFFF_FFFF)
      let pair = pairs[place]
      guard pair != MergeTable.none, pair >> 32 == entry >> 32 else { continue }
      let right = Int(next[place])
      let after = Int(next[right])
      symbols[place] = Int32(truncatingIfNeeded: pair)
      symbols[right] = -1
      pairs[right] = MergeTable.none
      next[place] = Int32(after)
      if after >= 0 { previous[after] = Int32(place) }
      pairs[place] = after >= 0 ? table[symbols[place], symbols[after]] : MergeTable.none
      push(place)
      let before = Int(previous[place])
      if before >= 0 {
        pairs[before] = table[symbols[before], symbols[place]]
        push(before)
      }
    }
    symbols.removeAll { $0 < 0 }
  }

  private mutating func push(_ place: Int) {
    guard pairs[place] != MergeTable.none else { return }
    queue.push(pairs[place] & 0xFFFF_FFFF_0000_0000 | UInt64(place))
  }
}

/// A binary heap of numbers, the least on top.
private struct MinimumQueue {
  private var values: [UInt64] = []

  mutating func removeAll() { values.removeAll(keepingCapacity: true) }

  mutating func push(_ value: UInt64) {
    values.append(value)
    var child = values.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard value < values[parent] else { break }
      values[child] = values[parent]
      child = parent
    }
    values[child] = value
  }

  mutating func popMinimum() -> UInt64? {
    guard let top = values.first, let last = values.popLast() else { return nil }
    if values.isEmpty { return top }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < values.count else { break }
      if child + 1 < values.count, values[child + 1] < values[child] { child += 1 }
      guard values[child] < last else { break }
      values[parent] = values[child]
      parent = child
    }
    values[parent] = last
    return top
  }
}
