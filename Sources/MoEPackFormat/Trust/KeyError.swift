public import MoEBase

/// Why a key cannot be read, written or used.
public struct KeyError: ActionableError, Equatable {
  /// What the key came from, for people: a file's name, or "the key".
  public let source: String
  /// What was wrong.
  public let reason: Reason

  /// What can be wrong.
  public enum Reason: Equatable, Sendable {
    /// There is no such file.
    case notFound
    /// There is a file already.
    case exists
    /// The system refused to read it.
    case notReadable(String)
    /// The system refused to write it.
    case notWritable(String)
    /// Others than its owner may read the private key.
    case exposed(mode: UInt32)
    /// It is not one line of the form expected.
    case malformed(expected: String)
    /// It is the other half of a key pair.
    case wrongHalf(expected: String)
  }

  /// Makes the error.
  public init(_ source: String, _ reason: Reason) {
    self.source = source
    self.reason = reason
  }

  /// A stable word for machines.
  public var code: String {
    switch reason {
    case .notFound: "key-not-found"
    case .exists: "key-exists"
    case .notReadable: "key-not-readable"
    case .notWritable: "key-not-writable"
    case .exposed: "key-exposed"
    case .malformed, .wrongHalf: "key-malformed"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    let name = escaped(source)
    return switch reason {
    case .notFound: "key `\(name)` does not exist"
    case .exists: "`\(name)` exists already, and a key is never overwritten"
    case .notReadable(let cause): "key `\(name)` cannot be read: \(cause)"
    case .notWritable(let cause): "key `\(name)` cannot be written: \(cause)"
    case .exposed(let mode):
      "private key `\(name)` may be read by others: expected mode 0600, got "
        + "0\(String(mode, radix: 8))"
    case .malformed(let expected): "`\(name)` is not a key: expected one line `\(expected)`"
    case .wrongHalf(let expected):
      "`\(name)` is the other half of the pair: expected a \(expected), got a "
        + (expected == "public key" ? "private key" : "public key")
    }
  }

  /// What to do now.
  public var hint: String {
    switch reason {
    case .notFound: "check the path; `moe-pack key new -o KEY` makes a new pair"
    case .exists: "choose another path, or move the old key away; nothing was written"
    case .notReadable: "check the path and its permissions"
    case .notWritable: "check the directory, its permissions and the space left; no key was made"
    case .exposed: "`chmod 600` it, and make a new key if others had access to it"
    case .malformed: "a key is the file that `moe-pack key new` wrote, unchanged"
    case .wrongHalf: "KEY is the private half, to sign with; KEY.pub the public one, to trust"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch reason {
    case .notFound: .notFound
    case .exists: .refused
    case .notReadable, .notWritable: .inputOutput
    case .exposed: .trust
    case .malformed, .wrongHalf: .badData
    }
  }
}
