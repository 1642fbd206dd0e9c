import Foundation
import MoEBase
import MoEPackFormat
import Testing

/// Archives of which one byte is another; `MOEPACK_SOAK=1` takes every byte and every bit of it.
@Suite struct EveryByteTests {
  @Test func `a pack with a byte flipped is refused, or is the same pack`() throws {
    let bytes = try PackBuilder().archive()
    let honest = try accepted(bytes)
    let masks: [UInt8] = Soak.isOn ? (0..<8).map { 1 << $0 } + [0xFF] : [0x01, 0x10, 0x80]
    var (refused, same) = (0, 0)
    for index in stride(from: 0, to: bytes.count, by: Soak.count(97, 1)) {
      for mask in masks {
        var flipped = bytes
        flipped[index] ^= mask
        if try refusal(flipped) == nil {
          same += 1
          let result = try accepted(flipped)
          #expect(result.digest == honest.digest && result.files == honest.files, "byte \(index)")
        } else {
          refused += 1
        }
      }
    }
    print("flips of \(bytes.count) bytes: \(refused) refused, \(same) the same pack")
    #expect(same * 20 < refused)
  }

  @Test func `every byte of the frame's header and end flipped is refused, or means the same`()
    throws
  {
    let bytes = try PackBuilder().archive()
    let honest = try accepted(bytes)
    for index in Array(0..<12) + Array(bytes.count - 8..<bytes.count) {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        if try refusal(flipped) == nil { #expect(try accepted(flipped).files == honest.files) }
      }
    }
  }

  @Test func `every byte of the tar below the frame flipped is refused, or means the same`() throws
  {
    let parts = try PackBuilder().parts()
    let content = tar(parts)
    let honest = try accepted(storedFrame(content))
    var (refused, same) = (0, 0)
    for index in stride(from: 0, to: content.count, by: Soak.count(61, 1)) {
      for mask: UInt8 in [0x01, 0x20, 0xFF] {
        var flipped = content
        flipped[index] ^= mask
        let archive = storedFrame(flipped)
        if try refusal(archive) == nil {
          same += 1
          let result = try accepted(archive)
          #expect(result.digest == honest.digest && result.files == honest.files, "byte \(index)")
        } else {
          refused += 1
        }
      }
    }
    print("flips of \(content.count) bytes of tar: \(refused) refused, \(same) the same pack")
  }

  @Test func `bytes put in anywhere are refused, from one to a mebibyte`() throws {
    let bytes = try PackBuilder().archive()
    let content = tar(try PackBuilder().parts())
    let first = 512 + (try PackBuilder().parts()[0].bytes.count + 511) / 512 * 512
    for count in [1, 511, 512, 10_240, 1 << 20] {
      let extra = [UInt8](repeating: 0, count: count)
      // In front, in the frame's middle, after it.
      for index in [0, bytes.count / 2, bytes.count] {
        #expect(try refusal(Array(bytes[..<index] + extra + bytes[index...])) != nil)
      }
      // In the tar: between two entries, and after its end, where zeros up to 10,240 may stand.
      #expect(
        try refusal(storedFrame(Array(content[..<first] + extra + content[first...]))) != nil)
      let tail = try refusal(storedFrame(content + extra))
      let isFilledUp = count % 512 == 0 && (content.count + count) % 10_240 == 0
      #expect(isFilledUp || tail != nil, "\(count)")
    }
  }
}
