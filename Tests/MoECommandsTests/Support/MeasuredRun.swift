import Foundation
import MoEBase

/// What a run of the program took.
///
/// A process of Python's own starts it: what the kernel counts for a child that these tests start begins at
/// their own memory.
struct MeasuredRun {
  static let python = URL(fileURLWithPath: "/usr/bin/python3")

  private static let launcher = """
    import json, resource, subprocess, sys, time
    start = time.monotonic()
    run = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
    seconds = time.monotonic() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"status": run.returncode, "messages": run.stderr.decode(), "seconds": float(seconds),
                      "computed": float(usage.ru_utime + usage.ru_stime), "peak": usage.ru_maxrss * 1024}))
    """

  let status: Int
  let messages: String
  /// From start to end.
  let seconds: Double
  /// What it computed, in user and system time.
  let computedSeconds: Double
  /// The most memory it held at once.
  let peakBytes: Int

  /// Runs the program to its end and measures it.
  init(_ program: URL, _ arguments: [String], environment: [String: String]) throws {
    let process = Process()
    process.executableURL = Self.python
    process.arguments = ["-c", Self.launcher, program.path] + arguments
    process.environment = environment
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    var reader = try JSONReader(try JSONValue(parsing: Array(data)))
    status = try reader.integer("status", in: -64...255)
    messages = try reader.string("messages")
    seconds = try reader.number("seconds")
    computedSeconds = try reader.number("computed")
    peakBytes = try reader.integer("peak", in: 0...Int.max)
  }
}
