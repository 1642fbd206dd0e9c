/// The 64-bit xxHash of bytes in memory, seed 0: the checksum of a zstd frame is its low 32 bits.
///
/// Reference: Collet, *xxHash fast digest algorithm*, version 0.1.1, §XXH64; RFC 8878 §3.1.1.
public func xxHash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
  func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    (value << count) | (value >> (64 - count))
  }
  func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    rotate(lane &+ input &* prime2, 31) &* prime1
  }
  func word(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  var position = 0
  var hash = prime5
  if bytes.count >= 32 {
    var lanes = (prime1 &+ prime2, prime2, UInt64(0), 0 &- prime1)
    while bytes.count - position >= 32 {
      lanes.0 = round(lanes.0, word(position))
      lanes.1 = round(lanes.1, word(position + 8))
      lanes.2 = round(lanes.2, word(position + 16))
      lanes.3 = round(lanes.3, word(position + 24))
      position += 32
    }
    hash = rotate(lanes.0, 1) &+ rotate(lanes.1, 7) &+ rotate(lanes.2, 12) &+ rotate(lanes.3, 18)
    for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
      hash = (hash ^ round(0, lane)) &* prime1 &+ prime4
    }
  }
  hash = hash &+ UInt64(bytes.count)
  while bytes.count - position >= 8 {
    hash = rotate(hash ^ round(0, word(position)), 27) &* prime1 &+ prime4
    position += 8
  }
  if bytes.count - position >= 4 {
    let half = UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    hash = rotate(hash ^ UInt64(half) &* prime1, 23) &* prime2 &+ prime3
    position += 4
  }
  while position < bytes.count {
    hash = rotate(hash ^ UInt64(bytes[position]) &* prime5, 11) &* prime1
    position += 1
  }
  hash = (hash ^ (hash >> 33)) &* prime2
  hash = (hash ^ (hash >> 29)) &* prime3
  return hash ^ (hash >> 32)
}
