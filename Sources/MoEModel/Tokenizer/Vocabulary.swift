/// The tokens of a tokenizer: the text of an id, and the id of a text, compared as bytes.
///
/// Ids are numbers from 0; some may be missing. The texts lie end to end in one array.
struct Vocabulary: Sendable {
  /// Ids are below this.
  static let idLimit = 1 << 22
  /// The most bytes that all tokens may have together.
  static let byteLimit = 1 << 28

  /// What stood in the way of a token.
  enum Conflict: Equatable {
    case tokenTaken(Int32)
    case idTaken
    case idTooHigh
    case tooManyBytes
  }

  private static let empty = UInt64.max

  private var bytes: [UInt8] = []
  private var starts: [UInt32] = []
  /// The length of an id's token; -1 where there is none.
  private var lengths: [Int32] = []
  /// An open-addressing hash table of `upper half of the hash << 32 | id`; ``empty`` holds none.
  private var slots: [UInt64] = Array(repeating: Self.empty, count: 1 << 8)
  /// How many tokens there are.
  private(set) var count = 0

  /// One more than the highest id.
  var idCount: Int { lengths.count }

  /// Makes an empty vocabulary with room for tokens.
  init(capacity: Int = 0) {
    let capacity = min(capacity, Self.idLimit)
    bytes.reserveCapacity(capacity * 8)
    starts.reserveCapacity(capacity)
    lengths.reserveCapacity(capacity)
    while slots.count < 2 * capacity { slots += slots }
  }

  /// Makes a vocabulary of tokens whose ids are their places.
  init(_ tokens: [String]) {
    self.init(capacity: tokens.count)
    for (id, token) in tokens.enumerated() {
      var token = token
      _ = token.withUTF8 { insert($0, id: id) }
    }
  }

  /// The bytes of an id's token, for as long as `body` runs; `nil` when there is none.
  func withToken<Result>(_ id: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
    let index = Int(id)
    guard lengths.indices.contains(index), lengths[index] >= 0 else { return nil }
    let start = Int(starts[index])
    let range = start..<start + Int(lengths[index])
    return bytes.withUnsafeBufferPointer { body($0.part(range)) }
  }

  /// The token of an id, or `nil` when there is none.
  subscript(id: Int32) -> String? { withToken(id) { String(decoding: $0, as: UTF8.self) } }

  /// The id of a token, or `nil` when there is none.
  func id(of token: UnsafeBufferPointer<UInt8>) -> Int32? {
    id(in: slots[slot(of: token, hash: Self.hash(token))])
  }

  /// The id of a token, or `nil` when there is none.
  func id(of token: String) -> Int32? {
    var token = token
    return token.withUTF8 { id(of: $0) }
  }

  private func id(in slot: UInt64) -> Int32? {
    slot == Self.empty ? nil : Int32(truncatingIfNeeded: slot)
  }

  private static func hash(_ token: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(token))
    return UInt64(UInt(bitPattern: hasher.finalize()))
  }

  /// The slot that holds a token's id, or the empty one where it belongs.
  private func slot(of token: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int {
    var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    bytes.withUnsafeBufferPointer { bytes in
      while let id = id(in: slots[index]) {
        let start = Int(starts[Int(id)])
        if slots[index] >> 32 == hash >> 32, lengths[Int(id)] == token.count,
          (0..<token.count).allSatisfy({ bytes[start + $0] == token[$0] })
        {
          break
        }
        index = (index + 1) & (slots.count - 1)
      }
    }
    return index
  }

  /// Adds a token, unless something stands in the way.
  mutating func insert(_ token: UnsafeBufferPointer<UInt8>, id: Int) -> Conflict? {
    guard id < Self.idLimit else { return .idTooHigh }
    guard bytes.count + token.count <= Self.byteLimit else { return .tooManyBytes }
    if 2 * (count + 1) > slots.count { grow() }
    let hash = Self.hash(token)
    let slot = slot(of: token, hash: hash)
    if let other = self.id(in: slots[slot]) { return .tokenTaken(other) }
    if lengths.indices.contains(id), lengths[id] >= 0 { return .idTaken }
    while lengths.count <= id {
      lengths.append(-1)
      starts.append(0)
    }
    starts[id] = UInt32(bytes.count)
    lengths[id] = Int32(token.count)
    bytes.append(contentsOf: token)
    slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(id)
    count += 1
    return nil
  }

  private mutating func grow() {
    slots = Array(repeating: Self.empty, count: 2 * slots.count)
    for index in lengths.indices where lengths[index] >= 0 {
      guard let hash = withToken(Int32(index), Self.hash) else { continue }
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(index)
    }
  }
}
