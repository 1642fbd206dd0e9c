import Foundation
import MoETestSupport

/// The program that was built beside these tests, run as a process of its own.
struct Program {
  /// What a run came to.
  struct Result {
    let status: Int32
    let wasKilled: Bool
    let output: String
    let messages: String
  }

  /// Where it is, if it was built.
  static let url: URL? = {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let program = tests.deletingLastPathComponent().appending(path: "moe-pack")
    return FileManager.default.isExecutableFile(atPath: program.path) ? program : nil
  }()

  let environment: [String: String]
  /// The program to run, where it is not ``url`` itself.
  var copy: URL?

  /// Starts a command line, by way of a shell that may redirect or limit it: `"$@"` is the program with
  /// its arguments.
  func start(_ arguments: [String], shell: String = #"exec "$@""#) throws -> Running {
    guard let program = copy ?? Self.url else { throw BenchFailure("the program is not built") }
    let process = Process()
    let files = try TemporaryDirectory()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", shell, "bash", program.path] + arguments
    process.environment = environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }
    process.currentDirectoryURL = files.url
    let output = try files.write([], to: "out")
    let messages = try files.write([], to: "err")
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: messages)
    let input = Pipe()
    process.standardInput = input
    try process.run()
    return Running(process: process, input: input, files: files)
  }

  /// Runs a command line to its end.
  func run(_ arguments: [String], shell: String = #"exec "$@""#) throws -> Result {
    let running = try start(arguments, shell: shell)
    try running.input.fileHandleForWriting.close()
    return try running.end()
  }

  /// A process on its way.
  struct Running {
    let process: Process
    /// What its standard input reads from.
    let input: Pipe
    let files: TemporaryDirectory

    /// What it said on stderr so far.
    func messages() throws -> String {
      String(decoding: try Data(contentsOf: files.url.appending(path: "err")), as: UTF8.self)
    }

    /// Waits for its end.
    func end() throws -> Result {
      process.waitUntilExit()
      return Result(
        status: process.terminationStatus,
        wasKilled: process.terminationReason == .uncaughtSignal,
        output: String(
          decoding: try Data(contentsOf: files.url.appending(path: "out")), as: UTF8.self),
        messages: try messages())
    }
  }
}
