/// The byte sequences of a vocabulary, for finding the longest that begins at a place in a text.
///
/// A trie whose edges lie in one open-addressing hash table: an edge from a node over a byte is found in
/// about one memory access, and nothing is allocated while matching.
struct VocabularyTrie: Sendable {
  /// The largest number of nodes; a node number and a byte fit 32 bits.
  static let nodeLimit = 1 << 24

  /// Each slot holds `node << 40 | byte << 32 | child`; 0 is empty, for no child is the node 0.
  private var slots = [UInt64](repeating: 0, count: 1 << 10)
  /// What to shift a hash by so that it becomes a slot's index.
  private var shift: UInt64 = 64 - 10
  /// The id of the sequence that ends at a node, or -1.
  private var ids: [Int32]

  /// Makes a trie of `rootCount` empty tries, numbered from 0.
  init(rootCount: Int) {
    ids = Array(repeating: -1, count: rootCount)
  }

  /// The slot of a key, or the empty one where it belongs.
  private func slot(of key: UInt64) -> Int {
    var index = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while slots[index] != 0, slots[index] >> 32 != key { index = (index + 1) & (slots.count - 1) }
    return index
  }

  /// Adds a sequence under a root.
  ///
  /// - Precondition: The lengths of all sequences add up to less than ``nodeLimit`` less the roots.
  mutating func insert(_ bytes: some Sequence<UInt8>, root: Int, id: Int32) {
    var node = UInt64(root)
    for byte in bytes {
      let key = node << 8 | UInt64(byte)
      var index = slot(of: key)
      if slots[index] == 0 {
        if 2 * ids.count > slots.count {
          grow()
          index = slot(of: key)
        }
        slots[index] = key << 32 | UInt64(ids.count)
        ids.append(-1)
      }
      node = slots[index] & 0xFFFF_FFFF
    }
    ids[Int(node)] = id
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: 0, count: 2 * old.count)
    shift -= 1
    for edge in old where edge != 0 { slots[slot(of: edge >> 32)] = edge }
  }

  /// The longest sequence under `root`, of at least one byte, that `bytes` hold from `start`.
  func longestMatch(
    in bytes: UnsafeBufferPointer<UInt8>, from start: Int, root: Int
  ) -> (id: Int32, end: Int)? {
    var node = UInt64(root)
    var best: (id: Int32, end: Int)?
    var position = start
    while position < bytes.count {
      let key = node << 8 | UInt64(bytes[position])
      let edge = slots[slot(of: key)]
      guard edge != 0 else { break }
      node = edge & 0xFFFF_FFFF
      position += 1
      let id = ids[Int(node)]
      if id >= 0 { best = (id, position) }
    }
    return best
  }
}
