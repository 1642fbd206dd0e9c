import Foundation
import MoEBase
import Testing

@Suite struct DigestTests {
  private let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  @Test func `the digests of FIPS 180-4 come out`() {
    #expect(Digest(of: []).hex == empty)
    #expect(Digest(of: Array("abc".utf8)).hex == abc)
    #expect(Digest(of: Array("abc".utf8)).description == "sha256:\(abc)")
    #expect(Digest(of: Array("abc".utf8)).short == "ba7816bf8f01")
    #expect(
      Digest(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)).hex
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func `printing and reading are each other's inverse`() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      let digest = Digest(of: [UInt8](String(generator.next()).utf8))
      #expect(Digest(digest.description) == digest)
      #expect(Digest(hex: digest.hex) == digest)
    }
  }

  @Test func `anything but the one spelling is refused`() {
    let upper = abc.uppercased()
    let wide = "\u{FF42}" + abc.dropFirst()
    for text in [
      "", "sha256:", abc, "sha256:\(upper)", "SHA256:\(abc)", "sha256:\(abc)0",
      "sha256:\(abc.dropLast())",
      " sha256:\(abc)", "sha256:\(abc) ", "sha256:\(abc)\n", "sha512:\(abc)", "sha256 \(abc)",
      "sha256:" + String(repeating: "g", count: 64), "sha256:\(wide)",
      "sha256:\(abc.dropLast(2))\u{E9}",
      "sha256:\(abc.dropLast())\u{301}",
    ] {
      #expect(Digest(text) == nil, "\(text)")
    }
    for text in [
      "", "\(abc)0", upper, "sha256:\(abc)", "-\(abc.dropFirst())", "+\(abc.dropFirst())",
    ] {
      #expect(Digest(hex: text) == nil, "\(text)")
    }
  }

  @Test func `digests are ordered by their bytes`() {
    let digests = (0..<100).map { Digest(of: [$0]) }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
    #expect(!(digests[0] < digests[0]))
  }

  @Test func `a digest built piece by piece is that of the whole`() {
    var generator = SeededGenerator(seed: 3)
    let bytes = (0..<5_000).map { _ in UInt8(generator.below(256)) }
    for _ in 0..<20 {
      var builder = DigestBuilder()
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + generator.below(1_000))
        if generator.below(2) == 0 {
          builder.update(bytes[start..<end])
        } else {
          bytes[start..<end].withUnsafeBytes { builder.update(bytes: $0) }
        }
        start = end
      }
      #expect(builder.count == bytes.count)
      #expect(builder.finish() == Digest(of: bytes))
    }
  }

  @Test func `numbers and texts go in so that neighbours cannot run together`() {
    func digest(_ body: (inout DigestBuilder) -> Void) -> Digest {
      var builder = DigestBuilder()
      body(&builder)
      return builder.finish()
    }
    #expect(digest { $0.update(number: 0x0102) } == Digest(of: [2, 1, 0, 0, 0, 0, 0, 0]))
    #expect(
      digest { $0.update(text: "é") } == Digest(of: [2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0xA9]))
    #expect(
      digest {
        $0.update(text: "ab")
        $0.update(text: "c")
      }
        != digest {
          $0.update(text: "a")
          $0.update(text: "bc")
        })
  }

  @Test func `a file has the digest of its bytes`() throws {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "moe-pack-digest-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    for count in [0, 1, 1 << 20, (1 << 20) + 1] {
      let bytes = [UInt8](repeating: 7, count: count)
      try Data(bytes).write(to: file)
      #expect(try Digest(file: file) == Digest(of: bytes))
    }
    #expect(throws: (any Error).self) { try Digest(file: file.appending(path: "gone")) }
  }

  @Test func `a set of files has the digest that sha256sum gives`() {
    // printf 'a' > b.txt; printf 'b' > a.txt; printf '' > 'Z é'
    // sha256sum * | LC_ALL=C sort -k2 | sha256sum
    let set = Digest(fileSet: [
      "b.txt": Digest(of: Array("a".utf8)), "a.txt": Digest(of: Array("b".utf8)),
      "Z é": Digest(of: []),
    ])
    #expect(set.hex == "405c07adbfc78b4b465fa32c9d4021edee846f2c6385daa1e9ed407e4fe70d62")
    #expect(Digest(fileSet: [:]) == Digest(of: []))
  }
}
