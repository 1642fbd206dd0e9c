#if os(Linux)
  import Foundation
  import MoETestSupport
  import Testing

  /// Changes beside a server, as processes of their own.
  @Suite(.enabled(if: Program.url != nil, "the program is not built beside the tests"))
  struct GivingWayTests {
    /// The scheduling policy that the program ended with: 0 is an ordinary one, 5 `SCHED_IDLE`.
    private static func policy(
      of words: [String], environment: [String: String]
    ) throws -> Int? {
      let program = try #require(Program.url).path
      var arguments = ([program] + words).map { strdup($0) } + [nil]
      var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
      defer { for pointer in arguments + variables { free(pointer) } }
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      defer { posix_spawn_file_actions_destroy(&actions) }
      for stream in STDIN_FILENO...STDERR_FILENO {
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
      }
      var process = pid_t()
      let code = posix_spawn(&process, program, &actions, nil, &arguments, &variables)
      try #require(code == 0, "posix_spawn: \(code)")
      // It has ended, and is there until it is waited for once more: nothing of this hangs on time.
      var information = siginfo_t()
      waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT)
      defer {
        var status: Int32 = 0
        waitpid(process, &status, 0)
      }
      let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
      // Fields are counted behind the name, which may hold anything.
      let end = try #require(stat.lastIndex(of: ")"))
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      return fields.count > 38 ? Int(fields[38]) : nil
    }

    @Test(arguments: [
      ["install", "none.moepack"], ["remove", "a/b"], ["rollback"], ["sync", "none.lock"],
      ["threshold", "0.5"], ["precision", "int8"],
    ])
    func `a change gives way beside a server alone`(words: [String]) throws {
      let bench = try CommandBench()
      let made = try bench.run("threshold", "0.4")
      try #require(made.status == 0, "\(made.messages)")
      let environment = bench.environment
      #expect(try Self.policy(of: words, environment: environment) == 0)
      let served = open(
        bench.directory.path("moe-pack/store/served"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      defer { close(served) }
      try #require(served >= 0 && flock(served, LOCK_SH | LOCK_NB) == 0)
      #expect(try Self.policy(of: words, environment: environment) == 5)
      #expect(try Self.policy(of: ["list"], environment: environment) == 0)
    }

    /// How a command line or its environment names the store.
    enum Naming: String, CaseIterable {
      case option, optionOfOneWord, lastOption, variable, optionBeforeVariable, emptyVariable
      case dataHome, relativeDataHome
    }

    @Test(arguments: Naming.allCases)
    func `the store may be named in any way`(naming: Naming) throws {
      let bench = try CommandBench()
      let root = bench.directory.path("other")
      var environment = bench.environment
      var words = ["remove", "a/b"]
      var store = root
      let elsewhere = bench.directory.path("elsewhere")
      switch naming {
      case .option: words += ["--store", store]
      case .optionOfOneWord: words += ["--store=\(store)"]
      case .lastOption: words += ["--store", elsewhere, "--quiet", "--store", store]
      case .variable: environment["MOEPACK_STORE"] = store
      case .optionBeforeVariable:
        environment["MOEPACK_STORE"] = elsewhere
        words += ["--store", store]
      case .emptyVariable:
        environment["MOEPACK_STORE"] = ""
        environment["XDG_DATA_HOME"] = root
        store = "\(root)/moe-pack/store"
      case .dataHome:
        environment["XDG_DATA_HOME"] = root
        store = "\(root)/moe-pack/store"
      case .relativeDataHome:
        environment["XDG_DATA_HOME"] = "other"
        environment["HOME"] = root
        store = "\(root)/.local/share/moe-pack/store"
      }
      try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
      #expect(try Self.policy(of: words, environment: environment) == 0)
      let served = open("\(store)/served", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      defer { close(served) }
      try #require(served >= 0 && flock(served, LOCK_SH | LOCK_NB) == 0)
      #expect(try Self.policy(of: words, environment: environment) == 5)
    }

    @Test func `what only looks like a change does not give way`() throws {
      let bench = try CommandBench()
      let store = bench.directory.path("other")
      try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
      let served = open("\(store)/served", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      defer { close(served) }
      try #require(served >= 0 && flock(served, LOCK_SH | LOCK_NB) == 0)
      for words in [
        [], ["instal", "--store", store], ["installs", "--store", store], ["remove", "--store"],
        ["list", "remove", "--store", store], ["remove", "a/b", "--stored=\(store)"],
      ] {
        #expect(try Self.policy(of: words, environment: bench.environment) == 0, "\(words)")
      }
    }
  }
#endif
