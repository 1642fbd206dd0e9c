import Foundation
import MoEBase
import MoEPackFormat
import MoERuntime

/// What the operator of this machine has set for all stores: `$XDG_CONFIG_HOME/moe-pack/config.json`.
///
/// ```
/// {"limits": {"entries": 64, "totalBytes": 1073741824}, "gate": {"negativeFlips": 0.02}}
/// ```
struct Configuration {
  /// What an archive may be.
  let limits: ArchiveLimits
  /// What the regression suite lets pass.
  let gate: GateLimits

  /// Reads the file; where there is none, everything is as it comes.
  ///
  /// - Throws: ``ConfigurationError``.
  init(file: URL) throws(ConfigurationError) {
    guard let bytes = try Self.bytes(of: file) else {
      limits = ArchiveLimits()
      gate = GateLimits()
      return
    }
    do {
      var reader = try JSONReader(try JSONValue(parsing: bytes, limits: JSONLimits(depth: 4)))
      limits =
        reader.optional("limits") == nil
        ? ArchiveLimits() : try ArchiveLimits(lowering: try reader.object("limits"))
      gate =
        reader.optional("gate") == nil
        ? GateLimits() : try GateLimits().setting(from: try reader.object("gate"))
      try reader.finish()
    } catch let error as JSONSyntaxError {
      throw ConfigurationError(
        file.path, expected: "JSON", got: "`\(error.reason)` at byte \(error.offset)")
    } catch let error as JSONSchemaError {
      throw ConfigurationError(
        file.path, expected: "`\(error.path.shown())` to be \(error.expected)", got: error.got)
    } catch {
      throw ConfigurationError(file.path, expected: "JSON", got: "\(error)")
    }
  }

  private static func bytes(of file: URL) throws(ConfigurationError) -> [UInt8]? {
    let input: InputFile
    do throws(InputError) { input = try InputFile(file.path, standardInput: -1) } catch {
      if case .missing = error { return nil }
      throw ConfigurationError(file.path, expected: "a file that can be read", got: "none")
    }
    defer { input.close() }
    do throws(InputError) { return Array(try input.text(limit: 1 << 20).utf8) } catch {
      throw ConfigurationError(
        file.path, expected: "a file of at most 1 MiB of UTF-8 that can be read", got: "another")
    }
  }
}

/// Why the operator's configuration is refused.
struct ConfigurationError: ActionableError, Equatable {
  private let path: String
  private let expected: String
  private let got: String

  init(_ path: String, expected: String, got: String) {
    self.path = path
    self.expected = expected
    self.got = got
  }

  /// A stable word for machines.
  var code: String { "configuration" }
  /// What happened, where, expected and got.
  var message: String {
    "the configuration `\(path.shown())` is refused: expected \(expected), got \(got)"
  }
  /// What to do now.
  var hint: String {
    "nothing was done; correct the file or move it away: SPEC.md §8 lists `limits`, which can only be "
      + "lowered, and §18 those of `gate`"
  }
  /// The status the process exits with.
  var exitCode: ExitCode { .configuration }
}
