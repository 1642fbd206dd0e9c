public import ArgumentParser
import Foundation
import MoEAuthoring
import MoEModel
import MoEPackFormat

/// What a vendor says of a new pack, on the command line or when asked.
public struct PackFactOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The pack's name; else example/ and the name of the directory.", valueName: "namespace/name"))
  var name: String?

  @Option(help: ArgumentHelp("What the pack is about, in one line.", valueName: "text"))
  var summary: String?

  @Option(
    help: ArgumentHelp(
      "The licence of texts and weights, an SPDX expression.", valueName: "spdx"))
  var license: String?

  @Option(help: ArgumentHelp("Who holds the rights; else the user's name.", valueName: "name"))
  var holder: String?

  @Option(
    help: ArgumentHelp(
      "The language of the texts, such as en. May stand several times.", valueName: "code"))
  var language: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where the content is true, such as SG. May stand several times.", valueName: "code"))
  var jurisdiction: [String] = []

  @Option(
    name: .customLong("as-of"),
    help: ArgumentHelp("The day the content stands for; else today.", valueName: "date"))
  var asOf: String?

  @Option(help: ArgumentHelp("What the labels are called together.", valueName: "name"))
  var task = "topic"

  @Option(help: ArgumentHelp("The backbone the pack is for.", valueName: "name"))
  var backbone = KnownBackbone.miniLM.name

  @Option(help: ArgumentHelp("Seeds everything random, the division too.", valueName: "number"))
  var seed: UInt32 = 1

  /// Makes the defaults.
  public init() {}

  /// Refuses what pack.yaml could not say.
  public func validate() throws {
    if let name, PackName(name) == nil {
      throw ValidationError(
        "--name takes `namespace/name` in lower case, digits and hyphens, got `\(name)`.")
    }
    for (option, text, limit) in [
      ("--summary", summary, 300), ("--license", license, 100), ("--holder", holder, 100),
    ] {
      guard text.map({ isShownText($0, atMost: limit) }) ?? true else {
        throw ValidationError(
          "\(option) takes one line of 1 to \(limit) bytes without control characters.")
      }
    }
    for code in language + jurisdiction where !PackDescription.isCode(code) {
      throw ValidationError(
        "--language and --jurisdiction take codes of 2 to 16 letters, digits and hyphens, "
          + "got `\(code)`.")
    }
    if let asOf, !PackDescription.isDate(asOf) {
      throw ValidationError("--as-of takes a date such as 2026-01-01, got `\(asOf)`.")
    }
    guard PackDescription.isName(task) else {
      throw ValidationError(
        "--task takes a name of lower-case letters, digits, - and _, got `\(task)`.")
    }
  }

  /// The options with every gap filled: by who sits at the terminal, else by a default.
  func asked(for directory: Path, questions: Questions?) throws -> PackFactOptions {
    var filled = self
    let slug = Self.slug(directory.directory.standardizedFileURL.lastPathComponent)
    filled.name =
      try name
      ?? ask(
        questions, "Name of the pack, namespace/name", default: "example/\(slug)"
      ) { PackName($0) != nil }
    filled.summary =
      try summary
      ?? ask(
        questions, "What is it about, in one line", default: slug.replacing("-", with: " ")
      ) { isShownText($0, atMost: 300) }
    filled.license =
      try license
      ?? ask(
        questions, "Licence of texts and weights (SPDX)", default: "LicenseRef-Proprietary"
      ) { isShownText($0, atMost: 100) }
    filled.language =
      try language.isEmpty
      ? [ask(questions, "Language of the texts", default: "en") { PackDescription.isCode($0) }]
      : language
    return filled
  }

  /// What the draft takes.
  func facts(today: String, user: String) -> SourceDraft.Facts {
    let name = name.flatMap { PackName($0) }
    guard let name else { preconditionFailure("the name was asked for and checked") }
    return SourceDraft.Facts(
      pack: name, summary: summary ?? name.name, license: license ?? "LicenseRef-Proprietary",
      holder: holder ?? user, languages: language, jurisdictions: jurisdiction,
      asOf: asOf ?? today, task: task, backbone: backbone, seed: UInt64(seed))
  }

  private func ask(
    _ questions: Questions?, _ question: String, default answer: String,
    accepts: (String) -> Bool
  ) throws -> String {
    try questions?.ask(question, default: answer, accepts: accepts) ?? answer
  }

  /// The name of a directory as the name of a pack.
  static func slug(_ text: String) -> String {
    let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let slug = words.joined(separator: "-").prefix(63)
    return slug.isEmpty ? "pack" : String(slug)
  }
}
