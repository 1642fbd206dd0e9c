public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack verify`.
public struct VerifyCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check every file of the store, of one installed pack, or a .moepack file.",
    discussion: """
      The store's files are hashed again and compared with their digests: exit code 11 when one is missing or \
      altered. A .moepack file is checked as `install` does it, signature and every digest, and nothing is \
      installed.

      Examples:
        moe-pack verify
        moe-pack verify --quick
        moe-pack verify ./sg-maritime-law-1.0.0.moepack
      """)

  @Argument(help: ArgumentHelp("The pack's name, or a file.", valueName: "name|file"))
  var subject: String?

  /// How closely the store's files are looked at.
  enum Depth: String, EnumerableFlag {
    case deep, quick

    static func help(for value: Depth) -> ArgumentHelp? {
      switch value {
      case .deep: "Read every byte of the store's files."
      case .quick: "Compare the sizes of the store's files alone."
      }
    }
  }

  @Flag(exclusivity: .exclusive) var depth = Depth.deep
  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Checks, and prints what was found.
  public func run(_ session: CommandSession) throws {
    switch subject.map(PackReference.init) {
    case .file(let url)?: try verify(file: url, session)
    case .name(let name)?: try verifyStore(only: name, session)
    case nil: try verifyStore(only: nil, session)
    }
  }

  private func verify(file: URL, _ session: CommandSession) throws {
    let trust =
      try session.storeForReading()?.trustRoot(at: session.context.timestamp) ?? TrustRoot(keys: [])
    let limits = try session.settings.limits()
    let staging = FileManager.default.temporaryDirectory
      .appending(path: "moe-pack-verify-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(
      at: staging, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: staging) }
    let pack = try session.withProgress { bar in
      bar.update("verifying \(file.lastPathComponent)", done: 0, total: 0)
      return try UnverifiedPack(url: file, limits: limits).verified(by: trust, staging: staging)
    }
    let keys = pack.keyIDs.map(\.description)
    guard !output.json else {
      return try session.console.print(
        json: [
          "verified": true, "pack": .string(pack.manifest.pack.description),
          "version": .string(pack.manifest.version.description), "digest": .digest(pack.digest),
          "signers": .array(keys.map(JSONValue.string)),
          "assurance": .string(pack.assurance.word),
          "entries": .integer(pack.contents.entries.count),
        ])
    }
    try session.console.print(
      "\(pack.manifest.pack) \(pack.manifest.version) is whole, and "
        + pack.assurance.sentence(signers: keys))
    try session.console.print("digest \(pack.digest)")
  }

  private func verifyStore(only name: String?, _ session: CommandSession) throws {
    guard let store = try session.storeForReading() else {
      if let name { throw StoreError.notInstalled(name: name, nearest: nil) }
      return try report(blobCount: 0, sizeBytes: 0, findings: [], session)
    }
    let result = try session.withProgress { bar in
      bar.update(depth == .deep ? "hashing the store" : "looking at the store", done: 0, total: 0)
      return try store.verify(deep: depth == .deep, packNamed: name)
    }
    try report(
      blobCount: result.blobCount, sizeBytes: result.sizeBytes, findings: result.findings, session)
    try result.check()
  }

  private func report(
    blobCount: Int, sizeBytes: Int, findings: [StoreVerification.Finding], _ session: CommandSession
  ) throws {
    guard !output.json else {
      return try session.console.print(
        json: [
          "files": .integer(blobCount), "sizeBytes": .integer(sizeBytes),
          "findings": .array(
            findings.map { finding in
              [
                "digest": finding.digest.map(JSONValue.digest) ?? .null,
                "problem": .string(finding.sentence),
              ]
            }),
        ])
    }
    for finding in findings { try session.console.print(finding.sentence.shown()) }
    if findings.isEmpty {
      try session.console.print(
        "\(blobCount.counted("file")) (\(sizeBytes.byteCount)) checked: all are what was installed")
    }
  }
}
