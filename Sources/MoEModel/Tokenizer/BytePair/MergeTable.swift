/// The merges of a byte-pair model: what two tokens become, and how early.
///
/// An open-addressing hash table; a pair is found in about one memory access.
struct MergeTable: Sendable {
  /// Stands for "these two are not merged".
  static let none = UInt64.max

  /// Pairs `left << 32 | right`, each followed by its `rank << 32 | merged`.
  private var slots: [UInt64]
  private var shift: UInt64
  /// How many pairs there are.
  private(set) var count = 0

  /// Makes an empty table with room for merges.
  init(capacity: Int = 0) {
    var bits: UInt64 = 6
    while 1 << bits < 2 * capacity { bits += 1 }
    slots = Array(repeating: Self.none, count: 2 << bits)
    shift = 64 - bits
  }

  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    var index = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift) * 2
    while slots[index] != Self.none, slots[index] != key { index = (index + 2) & (slots.count - 1) }
    return index
  }

  /// What two tokens become, as `rank << 32 | merged`, or ``none``; lower ranks are merged first.
  @inline(__always)
  subscript(left: Int32, right: Int32) -> UInt64 {
    let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    return slots[slot(of: key) + 1]
  }

  /// Adds a merge; a pair that is there already gets the new rank.
  mutating func insert(left: Int32, right: Int32, rank: Int, merged: Int32) {
    if 4 * (count + 1) > slots.count { grow() }
    let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    let index = slot(of: key)
    if slots[index] == Self.none { count += 1 }
    slots[index] = key
    slots[index + 1] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: merged))
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Self.none, count: 2 * old.count)
    shift -= 1
    for index in stride(from: 0, to: old.count, by: 2) where old[index] != Self.none {
      let new = slot(of: old[index])
      slots[new] = old[index]
      slots[new + 1] = old[index + 1]
    }
  }
}
