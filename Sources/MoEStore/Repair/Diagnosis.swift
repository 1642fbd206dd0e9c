public import Foundation
import GRDB
import MoEBase

/// What is wrong with a store, and what to do about each of it.
public struct Diagnosis: Sendable, Equatable {
  /// One thing that was found.
  public struct Finding: Sendable, Equatable {
    /// How much it matters.
    public enum Weight: String, Sendable {
      /// The store is not what was installed.
      case damage
      /// Nothing is lost, and a person may want to know.
      case note
    }

    /// How much it matters.
    public let weight: Weight
    /// What was found, one sentence without a full stop.
    public let sentence: String
    /// What to do now.
    public let remedy: String
  }

  /// What was found, damage first.
  public let findings: [Finding]

  /// Whether something is damaged.
  public var isDamaged: Bool { findings.contains { $0.weight == .damage } }

  /// Looks at everything in a store's directory; changes nothing.
  ///
  /// A store that cannot be opened is a finding and no error. Each damaged file is named with the packs that
  /// need it, and with the archive that mends it.
  ///
  /// - Parameters:
  ///   - directory: The store's directory.
  ///   - options: How to work with it.
  /// - Complexity: O(bytes of all referenced blobs).
  public init(of directory: URL, options: StoreOptions = StoreOptions()) {
    let layout = StoreLayout(root: directory.standardizedFileURL.path)
    let damage: [Finding]
    var notes: [Finding] = []
    do {
      // To read beside a journal of a process that died, the journal must be played back.
      let hasIndex = try FileStatus(layout.database) != nil
      let store = try Store(
        at: directory, access: hasIndex ? .automatic : .readOnly, options: options)
      damage = try store.damage()
      notes = (try? store.notes()) ?? []
    } catch {
      damage = [Self.unopened(StoreError.translated(error, layout, .reading), layout)]
    }
    findings = damage + notes
  }

  private static func unopened(_ error: any Error, _ layout: StoreLayout) -> Finding {
    guard let error = error as? any ActionableError else {
      return Finding(weight: .damage, sentence: "\(error)", remedy: "check the disk")
    }
    var remedy = error.hint
    if let error = error as? StoreError {
      switch error {
      case .databaseLost, .corrupt: remedy = Remedy.rebuild
      case .notAStore where Store.holdsBlobs(layout): remedy = Remedy.rebuild
      default: break
      }
    }
    return Finding(weight: .damage, sentence: error.message, remedy: remedy)
  }
}

/// What to do, in words.
enum Remedy {
  static let rebuild =
    "bring store.sqlite back from a backup, or make it anew from what the blobs say with "
    + "`moe-pack doctor --rebuild --trust NAMESPACE=publisher.pub`"
  static let nextChange = "nothing to do: the next change clears it"
  static let collect = "`moe-pack gc` frees what no kept generation needs"
}

extension Store {
  /// The damaged files, each with the packs that need it, and the damage of the index.
  fileprivate func damage() throws -> [Diagnosis.Finding] {
    try verify().findings.map { finding in
      guard finding.digest != nil else {
        return Diagnosis.Finding(
          weight: .damage, sentence: finding.sentence, remedy: Remedy.rebuild)
      }
      let packs = Set(finding.users.compactMap { $0.split(separator: ":").first })
      let names = packs.map { "`\($0)`" }.sorted().joined(separator: " or ")
      return Diagnosis.Finding(
        weight: .damage, sentence: finding.sentence,
        remedy: "`moe-pack doctor --repair FILE` with the archive of \(names)")
    }
  }

  /// What lies about and does no harm.
  fileprivate func notes() throws -> [Diagnosis.Finding] {
    var notes: [Diagnosis.Finding] = []
    func note(_ sentence: String, _ remedy: String) {
      notes.append(Diagnosis.Finding(weight: .note, sentence: sentence, remedy: remedy))
    }
    if let holder = StoreLock.holder(layout) {
      note("\(holder.description) is changing the store", "wait for it, or look at it with `ps`")
      return notes
    }
    let (intents, referenced) = try read { index in
      (
        try Int.fetchOne(index.database, sql: "SELECT count(*) FROM intent") ?? 0,
        Set(try index.keptPacks().flatMap { [$0.envelope] + $0.entries }.map(\.digest))
      )
    }
    if intents > 0 {
      note("a change began and never ended: nothing of it counts", Remedy.nextChange)
    }
    let left = [layout.staging, layout.trash].reduce(0) { count, place in
      count + ((try? directoryNames(place).count) ?? 0)
    }
    if left > 0 { note("\(left) files of a change that never ended lie about", Remedy.nextChange) }
    let blobs = BlobDirectory(layout: layout, files: options.fileSystem)
    let idle = try blobs.all().filter { !referenced.contains($0.digest) }
    if !idle.isEmpty {
      let bytes = idle.reduce(0) { $0 + $1.status.size }
      note("\(idle.count) files (\(bytes) bytes) are of no kept generation", Remedy.collect)
    }
    var status = stat()
    if stat(layout.root, &status) == 0, status.st_mode & 0o022 != 0 {
      note(
        "others may write to `\(layout.root)` (mode \(String(status.st_mode & 0o777, radix: 8)))",
        "`chmod 700` it")
    }
    return notes
  }
}
