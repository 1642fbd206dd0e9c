import Foundation
import MoEBase
import MoECommands
import MoETestSupport
import Testing

@Suite struct ConsoleTests {
  let bench: CommandBench

  init() throws {
    bench = try CommandBench()
  }

  @Test func `a usage error ends with exit code 64 and says what would be right`() throws {
    for arguments in [["frobnicate"], ["ask"], ["predict", "--nope"], ["gc", "--keep=0"]] {
      let result = try bench.run(words: arguments)
      #expect(result.status == 64, "\(arguments)")
      #expect(result.messages.hasPrefix("error: the command line: "), "\(arguments)")
      #expect(result.output.isEmpty)
    }
    let both = try bench.run("list", "-q", "-v")
    #expect(both.status == 64 && both.messages.contains("exclude each other"))
    let timeout = try bench.run("list", "--lock-timeout", "-1")
    #expect(timeout.status == 64)
  }

  @Test func `the version and the help go to standard output`() throws {
    let version = try bench.run("--version")
    #expect(version.status == 0 && version.output == "\(MoEPack.version)\n")
    let help = try bench.run("help", "ask")
    #expect(help.status == 0 && help.output.contains("USAGE: moe-pack ask"))
    #expect(help.messages.isEmpty)
  }

  @Test(arguments: [
    ("MOEPACK_KERNELS", "sse9", "`MOEPACK_KERNELS` names no kernels"),
    ("MOEPACK_THREADS", "many", "`MOEPACK_THREADS` is no number of threads"),
  ])
  func `a bad setting of the environment ends with exit code 78`(
    name: String, value: String, sentence: String
  ) throws {
    var bench = bench
    bench.environment[name] = value
    for arguments in [["ask", "bada"], ["list"], ["backbone", "info"]] {
      let result = try bench.run(words: arguments)
      #expect(result.status == 78)
      #expect(result.messages.hasPrefix("error: \(sentence)"))
    }
  }

  @Test func `a backbone that is not registered is named, with how to get it`() throws {
    var bench = bench
    bench.ground = nil
    for arguments in [
      ["ask", "hello"], ["backbone", "info"], ["tokenize"], ["embed"], ["predict"],
    ] {
      let result = try bench.run(words: arguments)
      #expect(result.status == 66, "\(arguments)")
      #expect(
        result.messages.contains("backbone `minilm-l6` is not registered here"), "\(arguments)")
      #expect(result.messages.contains("hint: run `tools/backbone`"), "\(arguments)")
    }
    let list = try bench.run("backbone", "list")
    #expect(list.status == 0 && list.lines[1].hasPrefix("minilm-l6  encoder  no"))
  }

  @Test func `a directory without the backbone's files is refused by the missing file's name`()
    throws
  {
    let result = try bench.run("backbone", "add", bench.directory.url.path)
    #expect(result.status == 66)
    #expect(result.messages.contains("`config.json` is not in"))
    try bench.directory.write([1], to: "config.json")
    #expect(try bench.run("backbone", "add", bench.directory.url.path).status == 65)
    try bench.directory.write(Array(#"{"model_type": "bert"}"#.utf8), to: "config.json")
    let other = try bench.run("backbone", "add", bench.directory.url.path)
    #expect(other.status == 66 && other.messages.contains("`model.safetensors` is not in"))
  }

  @Test func `control characters of names are made visible, on stdout and on stderr`() throws {
    let name = "example/x\u{1B}[2J\u{202E}"
    let result = try bench.run("info", name)
    #expect(result.status == 66)
    #expect(!result.messages.contains("\u{1B}") && !result.messages.contains("\u{202E}"))
    #expect(result.messages.contains("example/x\\u{1b}[2J\\u{202e}"))
    let file = try bench.run("info", "./\u{1B}]0;x\u{7}.moepack")
    #expect(!file.messages.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
  }

  @Test func `a full disk under standard output ends with exit code 74`() throws {
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    let result = try bench.run("--help", output: full)
    #expect(result.status == 74)
    #expect(
      result.messages.contains(
        "standard output cannot be written: expected room and permission, got No space"))
  }

  @Test func `colour and progress are for terminals, and can be forbidden`() throws {
    try bench.trust()
    let file = try bench.archive("example/ships", topics: [0, 1])
    let terminal = try PseudoTerminal()
    let result = try bench.run("install", file, output: terminal.slave, messages: terminal.slave)
    #expect(result.status == 0)
    let shown = terminal.drain()
    #expect(shown.contains("\u{1B}[1mpack"))
    #expect(shown.contains("\r") && shown.contains("neutral probes"))
    for (environment, arguments) in [
      (["NO_COLOR": "1"], ["list"]), ([:], ["list", "--no-color"]), (["TERM": "dumb"], ["list"]),
    ] {
      var bench = bench
      bench.environment.merge(environment) { $1 }
      let terminal = try PseudoTerminal()
      let plain =
        arguments.count == 1
        ? try bench.run(arguments[0], output: terminal.slave)
        : try bench.run(arguments[0], arguments[1], output: terminal.slave)
      #expect(plain.status == 0)
      let text = terminal.drain()
      #expect(text.contains("example/ships") && !text.contains("\u{1B}"))
    }
    let quiet = try PseudoTerminal()
    try bench.run("eval", "-q", messages: quiet.slave)
    #expect(quiet.drain().isEmpty)
  }

  @Test func `notes are for people who did not ask for quiet`() throws {
    #expect(try bench.run("list").messages.contains("moe-pack install PACK"))
    #expect(try bench.run("list", "-q").messages.isEmpty)
    try bench.trust()
    try bench.run("install", "--no-eval", try bench.archive("example/ships", topics: [0]))
    #expect(
      try bench.run("list", "-v").messages.contains(
        "generation 1, unproven, threshold 0.5, f32, in "))
  }

  @Test func `errors of libraries become sentences with an exit code`() {
    let missing = SystemError(
      CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: "/x/y"]))
    #expect(missing.exitCode == .inputOutput && missing.message.contains("`/x/y`"))
    #expect(SystemError(POSIXError(.ENOSPC)).message.contains("No space left on device"))
    #expect(SystemError(BenchFailure("odd")).exitCode == .refused)
  }
}
