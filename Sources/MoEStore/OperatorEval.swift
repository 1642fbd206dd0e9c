public import MoEBase
public import MoEPackFormat

/// An eval set of the operator's own, which gates every later change of the store.
public struct OperatorEval: Sendable, Equatable {
  /// Its name in the store.
  public let name: String
  /// The pack whose answers it is about; `nil` for texts that no pack may answer.
  public let pack: PackName?
  /// Its lines, as in the eval sets of packs.
  public let lines: [UInt8]
  /// The digest of the lines.
  public let digest: Digest
  /// When it was added, in ISO 8601.
  public let addedAt: String
  /// Who added it.
  public let actor: String

  /// The most bytes of its lines.
  public static let sizeLimit = 16 << 20

  /// Makes an eval set.
  public init(name: String, pack: PackName?, lines: [UInt8], addedAt: String, actor: String) {
    self.name = name
    self.pack = pack
    self.lines = lines
    digest = Digest(of: lines)
    self.addedAt = addedAt
    self.actor = actor
  }
}

extension Store {
  /// The operator's eval sets, ordered by name.
  ///
  /// - Throws: ``StoreError`` when the index cannot be read.
  public func operatorEvals() throws -> [OperatorEval] { try read { try $0.operatorEvals() } }

  /// Adds an eval set of the operator's.
  ///
  /// - Throws: ``StoreError/evalNameTaken(name:)`` where another one has its name.
  public func add(_ eval: OperatorEval) throws {
    try whileLocked { _ in
      try write { index in
        guard try index.insert(eval) else { throw StoreError.evalNameTaken(name: eval.name) }
      }
    }
  }

  /// Removes an eval set of the operator's.
  ///
  /// - Throws: ``StoreError/noEval(name:names:)``.
  @discardableResult
  public func removeOperatorEval(named name: String) throws -> OperatorEval {
    try whileLocked { _ in
      try write { index in
        let evals = try index.operatorEvals()
        guard let eval = evals.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
          throw StoreError.noEval(name: name, names: evals.map(\.name))
        }
        try index.removeOperatorEval(named: eval.name)
        return eval
      }
    }
  }
}
