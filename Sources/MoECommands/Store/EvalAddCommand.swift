public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoERuntime
import MoEStore

/// `moe-pack eval add`.
public struct EvalAddCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Register an eval set of your own, which gates every later change of the store.",
    discussion: """
      A line is {"text": "…", "label": "…"}, or {"text": "…", "expect": "none"} for a text that the pack \
      must leave alone. With --none no pack may answer the texts, and every line expects none. Nothing is \
      proven now: from the next change on, answers that were right must stay right, within the limits of \
      the regression suite.

      Examples:
        moe-pack eval add tickets.jsonl --pack example/eu-gdpr
        moe-pack eval add small-talk.jsonl --none --name small-talk
      """)

  @Argument(help: ArgumentHelp("The examples, JSON Lines.", valueName: "file"))
  var file: Path

  @Option(help: ArgumentHelp("The pack whose answers they are about.", valueName: "name"))
  var pack: String?

  @Flag(help: "Texts that no pack may answer.")
  var none = false

  @Option(
    help: ArgumentHelp(
      "What to call the set: lower-case letters, digits, `-` and `_`; without it as the file is called.",
      valueName: "name"))
  var name: String?

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words after `moe-pack`.
  public static let words = "eval add"

  /// Makes the command.
  public init() {}

  /// Refuses what says neither or both.
  public func validate() throws {
    guard (pack != nil) != none else {
      throw ValidationError("eval add takes either --pack NAME or --none.")
    }
    guard Self.isName(setName) else {
      throw ValidationError(
        "The set cannot be called '\(setName.shown())': give it a --name of lower-case letters, digits, "
          + "`-` and `_`, at most 63.")
    }
  }

  /// Registers the set.
  public func run(_ session: CommandSession) throws {
    let input = try InputFile(file.text, standardInput: session.context.input)
    defer { input.close() }
    let lines = Array(try input.text(limit: OperatorEval.sizeLimit).utf8)
    let store = try session.store()
    let installed = try pack.map { try store.installedPack(named: $0) }
    let eval = OperatorEval(
      name: setName, pack: installed?.name, lines: lines, addedAt: session.context.timestamp,
      actor: session.context.userName)
    let examples = try eval.check(against: try installed?.manifest())
    try store.add(eval)
    guard !output.json else {
      return try session.console.print(json: eval.json(examples: examples))
    }
    try session.console.print(
      "registered `\(eval.name)`: \(examples.counted("example")) "
        + (eval.pack.map { "for \($0)" } ?? "that no pack may answer")
        + "; they gate every later change")
  }

  private var setName: String { name ?? file.url.deletingPathExtension().lastPathComponent }

  private static func isName(_ text: String) -> Bool {
    guard (1...63).contains(text.utf8.count) else { return false }
    return text.utf8.enumerated().allSatisfy { index, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: index > 0 && (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_"))
      }
    }
  }
}

extension OperatorEval {
  /// One set for machines.
  func json(examples: Int) -> JSONValue {
    [
      "eval": .string(name), "pack": pack.map { .string($0.description) } ?? .null,
      "examples": .integer(examples), "digest": .digest(digest), "addedAt": .string(addedAt),
      "addedBy": .string(actor),
    ]
  }
}
