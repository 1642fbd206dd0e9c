public import MoEBase

/// Why a file is not safetensors as this project reads it, or not the tensors that were asked for.
public struct SafeTensorsError: ActionableError, Equatable {
  /// The name of the file, for people.
  public let file: String
  /// What was wrong.
  public let reason: Reason

  /// What can be wrong.
  public enum Reason: Equatable, Sendable {
    /// There is no such file.
    case notFound
    /// The system could not open or map the file.
    case notReadable(String)
    /// It is a directory, a pipe or a device.
    case notAFile
    /// The file is too short to hold the length of a header.
    case tooShort(size: Int)
    /// The header claims more bytes than there are, or than the limit.
    case headerTooLong(claimed: UInt64, left: Int, limit: Int)
    /// The header is not the JSON it has to be.
    case header(offset: Int, reason: String)
    /// One tensor's description does not hold.
    case tensor(name: String, expected: String, got: String)
    /// The tensors do not cover the data exactly.
    case layout(expected: String, got: String)
    /// A tensor that was expected is not there.
    case missingTensor(name: String)
    /// A tensor nobody expected is there.
    case extraTensor(name: String)
    /// A tensor has another type or shape than expected.
    case differentTensor(name: String, expected: String, got: String)
    /// A tensor does not lie where its elements can be read in place.
    case misaligned(name: String, offset: Int, alignment: Int)
    /// A value is not a number or infinite.
    case nonFinite(name: String, index: Int)
  }

  /// Makes the error.
  public init(_ file: String, _ reason: Reason) {
    self.file = file
    self.reason = reason
  }

  /// A stable word for machines.
  public var code: String {
    switch reason {
    case .notFound: "safetensors-not-found"
    case .notReadable, .notAFile: "safetensors-not-readable"
    case .tooShort, .headerTooLong, .header, .tensor, .layout: "safetensors-malformed"
    case .missingTensor, .extraTensor, .differentTensor: "safetensors-mismatch"
    case .misaligned: "safetensors-misaligned"
    case .nonFinite: "safetensors-non-finite"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch reason {
    case .notFound: "`\(file)` does not exist"
    case .notReadable(let cause): "`\(file)` cannot be read: \(cause)"
    case .notAFile: "`\(file)` is not a regular file"
    case .tooShort(let size):
      "`\(file)` is not safetensors: expected at least 10 bytes, got \(size)"
    case .headerTooLong(let claimed, let left, let limit):
      "`\(file)`: the header claims \(claimed) bytes, and \(left) are left in the file (limit \(limit))"
    case .header(let offset, let reason):
      "`\(file)`: the header is refused at its byte \(offset): \(reason)"
    case .tensor(let name, let expected, let got):
      "`\(file)`: tensor `\(name)`: expected \(expected), got \(got)"
    case .layout(let expected, let got):
      "`\(file)`: the tensors do not fill the data exactly: expected \(expected), got \(got)"
    case .missingTensor(let name): "`\(file)` lacks tensor `\(name)`"
    case .extraTensor(let name): "`\(file)` holds tensor `\(name)`, which is not expected there"
    case .differentTensor(let name, let expected, let got):
      "`\(file)`: tensor `\(name)`: expected \(expected), got \(got)"
    case .misaligned(let name, let offset, let alignment):
      "`\(file)`: tensor `\(name)` starts at byte \(offset), expected a multiple of \(alignment)"
    case .nonFinite(let name, let index):
      "`\(file)`: tensor `\(name)` holds a value that is not finite at element \(index)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch reason {
    case .notFound: "check the path"
    case .notReadable, .notAFile: "check the path and its permissions; nothing was read"
    case .tooShort, .headerTooLong, .header, .tensor, .layout:
      "the file is damaged or hostile; no tensor was read from it"
    case .missingTensor, .extraTensor, .differentTensor:
      "the file belongs to another model or another version of it; no tensor was read from it"
    case .misaligned:
      "write the file again with a header padded to 8 bytes, as the safetensors library does"
    case .nonFinite: "train or export it again; a model with such a value answers nothing"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch reason {
    case .notFound: .notFound
    case .notReadable, .notAFile: .inputOutput
    default: .badData
    }
  }
}
