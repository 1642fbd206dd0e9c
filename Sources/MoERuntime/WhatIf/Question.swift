public import MoEBase
public import MoEEval
import MoEModel

/// A text that two compositions are asked, and what is known of the right answer.
public struct Question: Sendable, Equatable {
  /// Where a text comes from.
  public enum Origin: Sendable, Equatable {
    /// A line of an eval set that travels in a pack.
    case eval(pack: String, name: String, line: Int)
    /// A line of an eval set that the operator registered: for a pack, or for none.
    case registered(pack: String?, name: String, line: Int)
    /// A line of the operator's own file, with the id it has there.
    case request(id: JSONValue?, line: Int)
  }

  /// The text.
  public let text: String
  /// Where it comes from.
  public let origin: Origin
  /// The right answer; `nil` where nobody said.
  public let expectation: Expectation?

  /// Makes a question.
  public init(text: String, origin: Origin, expectation: Expectation?) {
    self.text = text
    self.origin = origin
    self.expectation = expectation
  }

  /// Whether what a user gets is right; `nil` where the right answer is not known.
  ///
  /// As `Expectation` has it of the pack whose eval set it is, and of the operator's own texts of any pack.
  func isRight(_ answer: Answer) -> Bool? {
    let owner: String? =
      switch origin {
      case .eval(let pack, _, _): pack
      case .registered(let pack, _, _): pack
      case .request: nil
      }
    func isOwned(_ pack: PackIdentity) -> Bool {
      owner.map { $0.utf8.elementsEqual(pack.name.utf8) } ?? true
    }
    // What a language model says is not compared here: who speaks is.
    return expectation?.isMet(
      by: answer.lead, isSelected: answer.route.contains { isOwned($0.pack) }, task: "",
      isOwn: isOwned)
  }
}

extension Question.Origin {
  /// The place in words: ``example/x issue, line 3``, or the operator's id.
  public var label: String {
    switch self {
    case .eval(let pack, let name, let line): "\(pack) \(name), line \(line)"
    case .registered(_, let name, let line): "your own \(name), line \(line)"
    case .request(let id?, let line):
      if case .string(let text) = id {
        "\(text) (line \(line))"
      } else {
        "\(id.text) (line \(line))"
      }
    case .request(nil, let line): "line \(line)"
    }
  }

  var members: [JSONMember] {
    switch self {
    case .eval(let pack, let name, let line):
      [
        JSONMember("pack", .string(pack)), JSONMember("eval", .string(name)),
        JSONMember("line", .integer(line)),
      ]
    case .registered(let pack, let name, let line):
      [
        JSONMember("pack", pack.map(JSONValue.string) ?? .null),
        JSONMember("registered", .string(name)), JSONMember("line", .integer(line)),
      ]
    case .request(let id, let line):
      (id.map { [JSONMember("id", $0)] } ?? []) + [JSONMember("line", .integer(line))]
    }
  }
}
