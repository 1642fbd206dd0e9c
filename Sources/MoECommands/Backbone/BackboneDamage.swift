import Foundation
public import MoEBase
import MoEModel

/// A file of a registered backbone that is no longer the one that was registered.
public struct BackboneDamage: ActionableError, Equatable {
  /// The name of the backbone.
  public let backbone: String
  /// Where the file lies.
  public let path: String
  /// The pinned digest.
  public let expected: Digest
  /// The digest of what lies there.
  public let got: Digest

  /// A stable word for machines.
  public var code: String { "backbone-altered" }

  /// What happened, where, expected and got.
  public var message: String {
    "`\(path)` is not the file of backbone `\(backbone)` that was registered: expected \(expected), "
      + "got \(got)"
  }

  /// What to do now.
  public var hint: String {
    "nothing was answered or changed; `tools/backbone`, or `moe-pack backbone add DIR` with the right "
      + "files, puts it in order"
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .corruption }
}

extension BackboneRegistry.Entry {
  /// Holds the files to their pins before anything is computed with them.
  ///
  /// Packs were measured on these very bytes: another model, or another tokenizer, would answer without a
  /// word and be wrong.
  ///
  /// - Parameter names: The files to hash; all that the backbone's digest covers without them.
  /// - Throws: ``BackboneDamage``, or `BackboneError` when a file cannot be read.
  /// - Complexity: O(bytes); some tenths of a second for the default backbone.
  func checkFiles(_ names: [String] = BackboneFiles.covered) throws {
    guard known.kind == .encoder else {
      // The panels are large, and only `backbone info` and `verify` read them whole.
      return try check(try keptFiles().filter { $0.name != PanelFile.name })
    }
    try check(names.compactMap { name in known.files[name].map { (name, $0) } })
  }

  /// Holds the files of a language model to what was written down when it was registered: its small files and
  /// its panels.
  ///
  /// - Throws: As ``checkFiles(_:)``.
  /// - Complexity: O(bytes): a second or two a gigabyte.
  func checkLanguageModel() throws { try check(try keptFiles()) }

  private func check(_ files: [(name: String, expected: Digest)]) throws {
    for (name, expected) in files {
      let url = self.files.url(name)
      let got: Digest
      do {
        got = try Digest(file: url)
      } catch {
        throw BackboneError.unreadable(path: url.path, reason: "\(error)")
      }
      guard got == expected else {
        throw BackboneDamage(
          backbone: known.name, path: url.path, expected: expected, got: got)
      }
    }
  }
}
