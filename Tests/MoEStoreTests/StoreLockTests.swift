import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Synchronization
import Testing

@Suite struct StoreLockTests {
  private let directory: TemporaryDirectory
  private let kit: PackKit

  init() throws {
    directory = try TemporaryDirectory()
    kit = try PackKit()
  }

  private func store(_ command: String, timeout: Duration) throws -> Store {
    var options = StoreOptions()
    options.command = command
    options.lockTimeout = timeout
    return try Store(at: directory.store, options: options)
  }

  @Test func `who waits too long is told who holds the lock and exits 75`() throws {
    let holder = try store("moe-pack gc", timeout: .seconds(1))
    let waiter = try store("moe-pack install", timeout: .zero)
    try kit.trust(in: holder)
    let digest = try holder.logicalDigest()
    try holder.change(by: "ada", at: "2026-01-01T00:00:00Z") { _ in
      let error = #expect(throws: StoreError.self) {
        try waiter.install(kit.archive("example/one"))
      }
      #expect(error?.exitCode == .locked)
      #expect(error?.message.contains("process \(getpid()) (`moe-pack gc`)") == true)
      let id = try waiter.activeGenerationID()
      #expect(id == 0, "reading needs no lock")
      return .proven()
    }
    #expect(try holder.logicalDigest() == digest)
    try waiter.install(kit.archive("example/one"))
    try waiter.checkLaws()
  }

  @Test func `who waits is told once, and goes on when the holder is done`() async throws {
    let holder = try store("moe-pack eval", timeout: .seconds(1))
    try kit.trust(in: holder)
    let archive = try kit.archive("example/one")
    let seen = Mutex<[LockHolder]>([])
    let isWaiting = DispatchSemaphore(value: 0)
    var options = StoreOptions()
    options.lockTimeout = .seconds(60)
    options.onWait = { holder in
      seen.withLock { $0.append(holder) }
      isWaiting.signal()
    }
    let waiter = try Store(at: directory.store, options: options)
    let outcome = Mutex<Result<Int, any Error>?>(nil)
    let thread = DispatchGroup()
    try holder.change(by: "ada", at: "2026-01-01T00:00:00Z") { _ in
      DispatchQueue(label: "waiter").async(group: thread) {
        let result = Result { try waiter.install(archive).id }
        outcome.withLock { $0 = result }
      }
      #expect(isWaiting.wait(timeout: .now() + .seconds(60)) == .success)
      let id = try holder.activeGenerationID()
      #expect(id == 0)
      return .proven()
    }
    thread.wait()
    #expect(try outcome.withLock { try $0?.get() } == 1)
    #expect(seen.withLock { $0 } == [LockHolder(processID: getpid(), command: "moe-pack eval")])
    try holder.checkLaws()
  }

  @Test func `threads that install at once each make a generation`() throws {
    let first = try store("moe-pack", timeout: .seconds(60))
    try kit.trust(in: first)
    let archives = try (0..<8).map { try kit.archive("example/p\($0)", value: Float($0)) }
    let failures = Mutex<[String]>([])
    let url = directory.store
    DispatchQueue.concurrentPerform(iterations: archives.count) { index in
      do {
        var options = StoreOptions()
        options.lockTimeout = .seconds(60)
        // Two of three share a connection; the third has its own, as another process would.
        let store = index % 3 == 0 ? try Store(at: url, options: options) : first
        try store.install(archives[index])
      } catch { failures.withLock { $0.append("\(error)") } }
    }
    #expect(failures.withLock { $0 } == [])
    #expect(try first.activeGenerationID() == archives.count)
    #expect(try first.active().packs.count == archives.count)
    try first.checkLaws()
  }

  @Test func `stores opened at once on a new directory are one store`() throws {
    let failures = Mutex<[String]>([])
    let url = directory.store
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      do { #expect(try Store(at: url).active().id == 0) } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
    try Store(at: url).checkLaws()
  }

  @Test func `processes that install at once each make a generation`() async throws {
    let store = try store("moe-pack", timeout: .seconds(60))
    try kit.trust(in: store)
    let path = directory.store.path
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<3 {
        group.addTask {
          await #expect(processExitsWith: .success) {
            [path = path as String, index = index as Int] in
            var options = StoreOptions()
            options.lockTimeout = .seconds(60)
            let store = try Store(at: URL(fileURLWithPath: path), options: options)
            for round in 0..<4 {
              let name = "example/p\(index)-\(round)"
              try store.install(try PackKit().archive(name, value: Float(index)))
            }
          }
        }
      }
    }
    #expect(try store.activeGenerationID() == 12)
    #expect(try store.active().packs.count == 12)
    try store.checkLaws()
  }
}
