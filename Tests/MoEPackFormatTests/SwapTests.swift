import Foundation
import MoEBase
import MoEPackFormat
import Synchronization
import Testing

/// Archives that change while they are read; `MOEPACK_SOAK=1` reads 10,000 times.
@Suite struct SwapTests {
  /// Runs `swap` over and over on a thread of its own while `body` runs.
  private func whileSwapping(
    _ swap: @escaping @Sendable (_ round: Int) -> Void, _ body: () throws -> Void
  ) rethrows {
    let flag = Flag()
    let ended = DispatchSemaphore(value: 0)
    let thread = Thread {
      var round = 0
      while !flag.isSet {
        swap(round)
        round += 1
      }
      ended.signal()
    }
    thread.start()
    defer {
      flag.set()
      ended.wait()
    }
    try body()
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
  }

  private static func packs() throws -> [[UInt8]] {
    var evil = PackBuilder()
    evil.keys = [PackBuilder.stranger]
    var second = PackBuilder()
    second.manifest.release += 1
    return [try PackBuilder().archive(), try evil.archive(), try second.archive()]
  }

  /// Verifies the file many times; whatever is accepted is one of the trusted packs, whole.
  private func check(_ file: URL, rounds: Int, honest: [Digest: [String: Digest]]) throws {
    var taken: [Digest: Int] = [:]
    for _ in 0..<rounds {
      try withDirectory { directory in
        guard
          let pack = try? UnverifiedPack(url: file).verified(
            by: PackBuilder.trust, staging: directory)
        else { return }
        taken[pack.digest, default: 0] += 1
        var found: [String: Digest] = [:]
        for entry in pack.contents.entries {
          found[entry.name] = Digest(of: try Data(contentsOf: entry.url))
        }
        #expect(found == honest[pack.digest])
      }
    }
    print(
      "\(rounds) rounds with a swapper: \(taken.values.reduce(0, +)) accepted, \(taken.count) packs"
    )
    #expect(!taken.isEmpty)
  }

  private func honest(_ packs: [[UInt8]]) throws -> [Digest: [String: Digest]] {
    var result: [Digest: [String: Digest]] = [:]
    for pack in [packs[0], packs[2]] {
      let accepted = try accepted(pack)
      result[accepted.digest] = accepted.files.mapValues { Digest(of: $0) }
    }
    return result
  }

  @Test func `a file that is replaced while it is read is one pack or none`() throws {
    let packs = try Self.packs()
    let honest = try honest(packs)
    try withDirectory { directory in
      let file = directory.appendingPathComponent("x.moepack")
      try Data(packs[0]).write(to: file)
      try whileSwapping({ round in
        let other = directory.appendingPathComponent("next")
        try? Data(packs[round % 3]).write(to: other)
        rename(other.path, file.path)
      }) { try check(file, rounds: Soak.count(200, 10_000), honest: honest) }
    }
  }

  @Test func `a file that is written over while it is read is one pack or none`() throws {
    let packs = try Self.packs()
    let honest = try honest(packs)
    try withDirectory { directory in
      let file = directory.appendingPathComponent("x.moepack")
      try Data(packs[0]).write(to: file)
      try whileSwapping({ round in
        let descriptor = open(file.path, O_WRONLY)
        let bytes = packs[round % 3]
        bytes.withUnsafeBytes { buffer in
          var position = 0
          while position < buffer.count {
            let step = min(512, buffer.count - position)
            _ = pwrite(
              descriptor, buffer.baseAddress?.advanced(by: position), step, off_t(position))
            position += step
          }
        }
        ftruncate(descriptor, off_t(bytes.count))
        close(descriptor)
        usleep(200)
      }) { try check(file, rounds: Soak.count(200, 10_000), honest: honest) }
    }
  }
}
