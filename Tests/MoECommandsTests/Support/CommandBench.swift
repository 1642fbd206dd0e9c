import Foundation
import MoEBase
import MoECommands
import MoEModel
import MoEPackFormat
import MoERuntime
import MoETestSupport

/// Runs whole command lines in this process, each with files for its three streams.
struct CommandBench {
  /// What a command line came to.
  struct Result {
    let status: Int32
    let output: String
    let messages: String

    /// The lines of stdout.
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// Stdout as one JSON document.
    func json() throws -> JSONValue { try JSONValue(parsing: Array(output.utf8)) }

    /// Each line of stdout as a JSON document.
    func jsonLines() throws -> [JSONValue] {
      try lines.map { try JSONValue(parsing: Array($0.utf8)) }
    }
  }

  let directory: TemporaryDirectory
  var environment: [String: String]
  var ground: Installer.Ground?

  /// A bench that runs on the tiny backbone, with a home of its own.
  init(onTinyBackbone: Bool = true) throws {
    directory = try TemporaryDirectory()
    environment = ["XDG_DATA_HOME": directory.url.path, "HOME": directory.url.path]
    if onTinyBackbone {
      ground = Installer.Ground(
        backbone: try TinyBackbone.make(), profile: TinyBackbone.profileDigest,
        probes: TinyBackbone.probes)
    }
  }

  var backbone: Backbone {
    get throws { try ground?.backbone ?? TinyBackbone.make() }
  }

  /// Runs a command line.
  ///
  /// - Parameters:
  ///   - arguments: The words after `moe-pack`.
  ///   - input: What stdin holds.
  ///   - output: Where stdout goes instead of a file.
  ///   - messages: Where stderr goes instead of a file.
  ///   - keyboard: Where stdin comes from instead of a file.
  /// - Returns: Status and outputs.
  /// - Throws: What making the files throws.
  @discardableResult
  func run(
    _ arguments: String..., input: [UInt8] = [], output: Int32? = nil, messages: Int32? = nil,
    keyboard: Int32? = nil
  ) throws -> Result {
    try run(
      words: arguments, input: input, output: output, messages: messages, keyboard: keyboard)
  }

  /// Runs a command line that is given as a list.
  @discardableResult
  func run(
    words arguments: [String], input: [UInt8] = [], output: Int32? = nil, messages: Int32? = nil,
    keyboard: Int32? = nil
  ) throws -> Result {
    let run = try TemporaryDirectory()
    let inputFile = try run.write(input, to: "in")
    let descriptors = (
      input: keyboard ?? open(inputFile.path, O_RDONLY),
      output: output ?? open(run.path("out"), O_RDWR | O_CREAT, 0o600),
      messages: messages ?? open(run.path("err"), O_RDWR | O_CREAT, 0o600)
    )
    defer {
      if keyboard == nil { close(descriptors.input) }
      if output == nil { close(descriptors.output) }
      if messages == nil { close(descriptors.messages) }
    }
    let status = MoEPack.run(
      arguments,
      in: CommandContext(
        environment: environment,
        console: Console(
          output: descriptors.output, messages: descriptors.messages, environment: environment),
        input: descriptors.input, now: { Date(timeIntervalSince1970: 1_767_225_600) },
        userName: "tester", ground: ground))
    func text(_ name: String) -> String {
      String(
        decoding: (try? Data(contentsOf: run.url.appending(path: name))) ?? Data(), as: UTF8.self)
    }
    return Result(status: status, output: text("out"), messages: text("err"))
  }

  /// Writes a signed pack and its public key; returns the path of the archive.
  func archive(
    _ name: String, topics: [Int], release: Int = 1, keys: [SigningKey] = [TinyPack.key],
    changing edit: (inout TinyPack) -> Void = { _ in }
  ) throws -> String {
    var pack = try TinyPack(name, topics: topics, release: release, backbone: try backbone)
    edit(&pack)
    let path = directory.path("\(name.replacing("/", with: "-"))-\(release).moepack")
    try pack.write(to: URL(fileURLWithPath: path), keys: keys)
    return path
  }

  /// Trusts the key of the tiny packs for `example/*`.
  func trust() throws {
    let path = directory.path("vendor.pub")
    if !FileManager.default.fileExists(atPath: path) {
      try TinyPack.key.publicKey.write(to: URL(fileURLWithPath: path))
    }
    try run("trust", "add", path, "--namespace", "example")
  }

  /// A text about one topic.
  static func text(topic: Int) -> String {
    TinyTexts.words(topic: topic).prefix(10).joined(separator: " ")
  }

  /// Lines of requests.
  static func requests(_ texts: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (index, text) in texts.enumerated() {
      let line: JSONValue = ["id": .integer(index), "text": .string(text)]
      bytes += line.bytes + [0x0A]
    }
    return bytes
  }
}
