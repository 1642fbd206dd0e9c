import Foundation
import MoEBase
import MoEStore
import MoETestSupport
import Testing

/// What only a process of its own shows: signals, locks, streams, limits and permissions, on the program
/// that was built.
@Suite(.enabled(if: Program.url != nil, "the program is not built beside the tests"))
struct ProgramTests {
  let bench: CommandBench
  let program: Program

  init() throws {
    bench = try CommandBench()
    try bench.trust()
    for (name, topics) in [("example/ships", [0, 1]), ("example/privacy", [2, 3])] {
      try bench.run("install", "--no-eval", try bench.archive(name, topics: topics))
    }
    program = Program(environment: bench.environment)
  }

  private var storePath: String { bench.directory.path("moe-pack/store") }

  private func holds(
    _ result: Program.Result, _ status: Int32, _ says: String..., hint: String = "",
    location: SourceLocation = #_sourceLocation
  ) {
    bench.check(
      Refusal(name: "", arguments: [], status: status, says: says, hint: hint),
      CommandBench.Result(status: result.status, output: "", messages: result.messages),
      location: location)
    #expect(!result.wasKilled, sourceLocation: location)
  }

  /// Takes the store's lock as another program would, until `body` ends.
  private func whileLocked(_ body: () throws -> Void) throws {
    let lock = open(storePath + "/lock", O_RDWR | O_CLOEXEC)
    defer { close(lock) }
    try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
    let text = Array("4711\nmoe-pack gc\n".utf8)
    _ = text.withUnsafeBytes { pwrite(lock, $0.baseAddress, $0.count, 0) }
    try body()
    _ = ftruncate(lock, 0)
  }

  @Test
  func `a store that somebody else is changing: who, how long, exit code 75; reading goes on`()
    throws
  {
    let before = try bench.storeLook().logicalDigest()
    try whileLocked {
      for timeout in ["0", "0.2"] {
        let result = try program.run([
          "remove", "--no-eval", "example/ships", "--lock-timeout", timeout,
        ])
        holds(
          result, 75, "is being changed by process 4711 (`moe-pack gc`)",
          "expected an end within \(timeout) s, got none", hint: "--lock-timeout")
      }
      #expect(try program.run(["list"]).output.contains("example/ships"))
    }
    #expect(try bench.storeLook().logicalDigest() == before)
  }

  @Test func `a change that waits is told for whom, and goes on when the lock is free`() throws {
    var waiting: Program.Running?
    try whileLocked {
      let running = try program.start(["remove", "--no-eval", "example/ships"])
      for _ in 0..<500 where try running.messages().isEmpty { usleep(10_000) }
      #expect(
        try running.messages()
          == "waiting for process 4711 (`moe-pack gc`), which is changing the store\n")
      waiting = running
    }
    #expect(try waiting?.end().status == 0)
  }

  @Test func `two processes that change at once: both happen, one after the other`() throws {
    let running = try ["example/ships", "example/privacy"].map {
      try program.start(["remove", "--no-eval", $0, "--lock-timeout", "60"])
    }
    for process in running { #expect(try process.end().status == 0) }
    let store = try bench.storeLook()
    #expect(try store.active().id == 4 && store.active().packs.isEmpty)
    try store.verify().check()
  }

  @Test func `two processes that make the same change at once: one does, one is refused`() throws {
    let running = try (0..<2).map { _ in
      try program.start(["remove", "--no-eval", "example/ships", "--lock-timeout", "60"])
    }
    let results = try running.map { try $0.end() }
    #expect(results.map(\.status).sorted() == [0, 66])
    for result in results where result.status != 0 {
      holds(result, 66, "no pack named `example/ships` is installed, expected")
    }
    #expect(try bench.storeLook().active().id == 3)
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
  func `a signal ends a change with 130, and the next one finds a whole store`(signal: Int32) throws
  {
    let before = try bench.storeLook().logicalDigest()
    try whileLocked {
      let running = try program.start(["remove", "--no-eval", "example/ships"])
      for _ in 0..<500 where try running.messages().isEmpty { usleep(10_000) }
      kill(running.process.processIdentifier, signal)
      let result = try running.end()
      #expect(result.status == 130 && !result.wasKilled)
      #expect(result.messages.hasSuffix("\ninterrupted; the store is whole\n"))
    }
    #expect(try bench.storeLook().logicalDigest() == before)
    #expect(try program.run(["remove", "--no-eval", "example/ships"]).status == 0)
  }

  @Test func `a reader that leaves, and streams that are closed, end with 74`() throws {
    let texts = try bench.directory.write(
      CommandBench.requests(Array(repeating: "bada", count: 9000)), to: "in.jsonl"
    ).path
    let piped = try program.run(
      ["list", "--json"], shell: #""$@" | true; exit ${PIPESTATUS[0]}"#)
    if piped.status != 0 {
      holds(piped, 74, "stopped reading: expected", "got a broken pipe", hint: "moe-pack list")
    }
    let closed = try program.run(["list"], shell: #"exec "$@" >&-"#)
    holds(closed, 74, "standard output cannot be written: expected", "Bad file descriptor")
    let deaf = try program.run(["remove", "zz"], shell: #"exec "$@" 2>&-"#)
    #expect(deaf.status == 66 && deaf.messages.isEmpty)
    // The index and the blobs do not take the place of a closed stream.
    let all = try program.run(
      ["remove", "--no-eval", "example/ships"], shell: #"exec "$@" <&- >&- 2>&-"#)
    #expect(all.status == 74)
    try bench.storeLook().verify().check()
    #expect(try bench.storeLook().active().packs.count == 1)
    #expect(FileManager.default.fileExists(atPath: texts))
  }

  @Test func `an argument that is not UTF-8 is refused, not read as another text`() throws {
    let result = try program.run(["ask"], shell: #"exec "$@" $'caf\xe9'"#)
    holds(result, 64, "argument 2 of the command line is not UTF-8: expected", hint: "ask -")
  }

  @Test func `a limit on file sizes is a full disk, not a killed program`() throws {
    let path = bench.directory.path("limited")
    let result = try program.run(
      ["trust", "add", bench.directory.path("vendor.pub"), "--namespace", "x", "--store", path],
      shell: #"ulimit -f 8; exec "$@""#)
    holds(result, 74, "limited/", hint: "try again")
  }

  @Test func `a store that may not be written is refused to change and goes on to be read`() throws
  {
    let before = try bench.storeLook().logicalDigest()
    // No permission holds root back: it runs the program as nobody, who may not reach the build.
    let shell =
      getuid() == 0
      ? #"exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@""# : #"exec "$@""#
    let copy = bench.directory.url.appending(path: "program")
    try FileManager.default.copyItem(at: try #require(Program.url), to: copy)
    let program = Program(environment: bench.environment, copy: copy)
    guard try program.run(["--version"], shell: shell).status == 0 else { return }
    try Self.setModes(of: bench.directory.url.path, directories: 0o555, files: 0o444)
    defer { try? Self.setModes(of: bench.directory.url.path, directories: 0o755, files: 0o644) }
    for words in [
      ["remove", "--no-eval", "example/ships"], ["gc"], ["rollback", "--no-eval"],
      ["trust", "remove", "ed25519:0"],
      ["trust", "add", bench.directory.path("vendor.pub"), "--namespace", "x"],
      ["install", "-n", bench.directory.path("example-ships-1.moepack")],
    ] {
      holds(
        try program.run(words, shell: shell), 74,
        "the store `\(storePath)` is read-only, expected one that can be written",
        hint: "nothing was changed; name a directory that can be written with `--store`")
    }
    for words in [
      ["list"], ["verify"], ["history"], ["trust", "list"], ["info", "example/ships"],
    ] {
      #expect(try program.run(words, shell: shell).status == 0, "\(words)")
    }
    #expect(try bench.storeLook().logicalDigest() == before)
  }

  private static func setModes(of path: String, directories: Int, files: Int) throws {
    let manager = FileManager.default
    var isDirectory: ObjCBool = false
    guard manager.fileExists(atPath: path, isDirectory: &isDirectory) else { return }
    // A directory is opened before it is walked, and closed after.
    try manager.setAttributes(
      [.posixPermissions: isDirectory.boolValue || path.hasSuffix("/program") ? 0o755 : files],
      ofItemAtPath: path)
    guard isDirectory.boolValue else { return }
    for name in try manager.contentsOfDirectory(atPath: path) {
      try setModes(of: path + "/" + name, directories: directories, files: files)
    }
    try manager.setAttributes([.posixPermissions: directories], ofItemAtPath: path)
  }
}
