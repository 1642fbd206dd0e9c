import MoEEval
public import MoEModel

/// Which packs are selected for the texts of each eval set.
public struct RoutingMatrix: Sendable, Equatable {
  /// The texts of one kind of one eval set.
  public struct Row: Sendable, Equatable {
    /// The pack whose set it is.
    public let pack: String
    /// The set.
    public let eval: String
    /// Whether these are texts that the pack must leave alone.
    public let isNone: Bool
    /// How many texts they are.
    public private(set) var texts = 0
    /// For how many of them each pack is selected, in the order of ``RoutingMatrix/packs``.
    public private(set) var selected: [Int]
    /// For how many of them no pack is.
    public private(set) var unrouted = 0

    fileprivate mutating func add(_ indices: [Int]) {
      texts += 1
      for index in indices { selected[index] += 1 }
      if indices.isEmpty { unrouted += 1 }
    }
  }

  /// The names of the packs.
  public let packs: [String]
  /// The rows, in the order of the texts.
  public private(set) var rows: [Row] = []

  /// Counts; texts of the operator's own make no row.
  ///
  /// - Parameters:
  ///   - questions: The texts.
  ///   - answers: An answer each.
  ///   - packs: The names of the packs that may be selected.
  public init(_ questions: [Question], _ answers: [Answer], packs: [String]) {
    self.packs = packs
    var places: [[UInt8]: Int] = [:]
    for (place, name) in packs.enumerated() { places[Array(name.utf8)] = place }
    var known: [[[UInt8]]: Int] = [:]
    for (question, answer) in zip(questions, answers) {
      guard case .eval(let pack, let eval, _) = question.origin else { continue }
      let isNone = question.expectation == Expectation.none
      let key = [Array(pack.utf8), Array(eval.utf8), [isNone ? 1 : 0]]
      if known[key] == nil {
        known[key] = rows.count
        rows.append(
          Row(pack: pack, eval: eval, isNone: isNone, selected: packs.map { _ in 0 }))
      }
      guard let row = known[key] else { continue }
      rows[row].add(answer.route.compactMap { places[Array($0.pack.name.utf8)] })
    }
  }
}
