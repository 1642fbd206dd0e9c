import MoEBase

/// What a reviewer would say of a pack source: one kind of fault, and every place where it is.
public struct Finding: Sendable, Equatable {
  /// How much it matters.
  public enum Weight: String, Sendable, Comparable, CaseIterable {
    /// A build refuses the source.
    case fault
    /// A build goes through, and its figures mislead or the pack is worse than it could be.
    case warning
    /// Worth knowing.
    case note

    /// Whether it matters more.
    public static func < (left: Weight, right: Weight) -> Bool {
      let order = Weight.allCases
      return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
  }

  /// Where it is.
  public struct Mark: Sendable, Equatable {
    /// The file, as `pack.yaml` spells it.
    public let file: String
    /// The line, counted from 1; `nil` where the file as a whole is meant.
    public let line: Int?
    /// The other file, where two lines do not go together.
    public let otherFile: String?
    /// Its line.
    public let otherLine: Int?
    /// What stands there, as far as it may be shown.
    public let detail: String?

    init(_ file: String, _ line: Int? = nil, detail: String? = nil) {
      self.file = file
      self.line = line
      otherFile = nil
      otherLine = nil
      self.detail = detail
    }

    init(_ text: ReviewedText, _ other: ReviewedText? = nil, detail: String? = nil) {
      file = text.file
      line = text.line
      otherFile = other?.file
      otherLine = other?.line
      self.detail = detail
    }
  }

  /// A stable word for machines.
  public let code: String
  /// How much it matters.
  public let weight: Weight
  /// What was found, in one sentence without a full stop.
  public let message: String
  /// What to do about it.
  public let advice: String
  /// Where, in the order of the files; empty where it is about the source as a whole.
  public let marks: [Mark]

  init(_ code: String, _ weight: Weight, _ message: String, advice: String, marks: [Mark] = []) {
    self.code = code
    self.weight = weight
    self.message = message
    self.advice = advice
    self.marks = marks
  }

  /// A fault that reading met.
  init(_ error: SourceError, marks: [Mark] = []) {
    let state = "nothing was built; "
    let hint = error.hint
    self.init(
      error.code, .fault, error.message,
      advice: hint.hasPrefix(state) ? String(hint.dropFirst(state.count)) : hint, marks: marks)
  }
}

/// What a text of a source is for.
enum TextRole: Sendable {
  case train, valid, eval, negative

  /// Whether training sees it.
  var isLearnt: Bool { self == .train || self == .valid }
}

/// A text of a source, as the reviewer reads it.
struct ReviewedText: Sendable {
  let text: String
  let role: TextRole
  /// Its labels.
  let labels: [String]
  /// Whether it is there to be left alone.
  let isLeftAlone: Bool
  let file: String
  let line: Int
  /// Its words, ``ShingleIndex/words(_:)``.
  let words: [String]

  init(_ example: SourceExample, role: TextRole, file: String) {
    text = example.text
    self.role = role
    labels = example.labels
    isLeftAlone = !example.hasAnswer
    self.file = file
    line = example.line
    words = ShingleIndex.words(example.text)
  }

  /// Its labels in words; `nil` where it is not the pack's to answer.
  var answer: String? {
    isLeftAlone ? nil : labels.isEmpty ? "no label" : labels.joined(separator: ", ")
  }

  /// Whether both are to be answered alike.
  func isAnswered(as other: ReviewedText) -> Bool {
    isLeftAlone == other.isLeftAlone
      && Set(labels.map { Array($0.utf8) }) == Set(other.labels.map { Array($0.utf8) })
  }
}

extension Int {
  /// `1 text`, `2 texts`.
  func of(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
