public import ArgumentParser
import Foundation
import MoEBase
import MoERuntime

/// `moe-pack sync`.
public struct SyncCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Make this store serve exactly what a lock file names.",
    discussion: """
      Packs that are missing come from this store's own history, else from the files of --from, verified and \
      proven as `moe-pack install` does it; packs that the lock file does not name are removed, and its \
      threshold and precision are set: one generation, or nothing. A digest that cannot be found, or is another one, is \
      refused.

      Examples:
        moe-pack sync --frozen moepack.lock --from packs/
        moe-pack sync --frozen --dry-run --from *.moepack
      """)

  @Argument(help: ArgumentHelp("The lock file.", valueName: "file"))
  var lock = Path.lockFile

  @Flag(help: "Take the digests as they stand; version 1 knows no other way.")
  var frozen = false

  @Option(
    name: .customLong("from"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "The .moepack files, or directories of them, that packs may come from.", valueName: "path"))
  var places: [Path] = []

  @OptionGroup var change: ChangeOptions

  @Flag(help: "Accept a release that is not higher than the highest seen; the history says so.")
  var allowDowngrade = false

  @OptionGroup var output: OutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses to choose versions.
  public func validate() throws {
    guard frozen else {
      throw ValidationError(
        "sync takes --frozen: it installs the digests of the lock file, and no others.")
    }
  }

  /// Applies the lock file.
  public func run(_ session: CommandSession) throws {
    let bytes = try lock.bytes(atMost: LockFile.limitBytes)
    let lock = try LockFile(parsing: bytes, file: self.lock.text)
    let archives = places.flatMap(\.archives)
    var change = try change.change(in: session)
    change.allowsDowngrade = allowDowngrade
    try self.change.run(change, session: session, output: output) { installer in
      try installer.sync(lock, from: archives, change)
    }
  }
}

extension Path {
  /// The lock file where none is named.
  static let lockFile = Path(text: "moepack.lock")

  /// The bytes of the lock file it names.
  ///
  /// - Throws: `LockError`.
  fileprivate func bytes(atMost limit: Int) throws(LockError) -> [UInt8] {
    guard let handle = try? FileHandle(forReadingFrom: url),
      let data = try? handle.read(upToCount: limit + 1)
    else { throw .missing(file: text) }
    guard data.count <= limit else {
      throw .malformed(
        file: text, path: "the document", expected: "at most \(limit) bytes", got: "more")
    }
    return Array(data)
  }

  /// The file it names, or the .moepack files of the directory it names, in the order of their names.
  fileprivate var archives: [URL] {
    guard
      let names = try? FileManager.default.contentsOfDirectory(atPath: text)
    else { return [url] }
    return names.filter { $0.hasSuffix(".moepack") }.sorted()
      .map { directory.appending(path: $0, directoryHint: .notDirectory) }
  }
}
