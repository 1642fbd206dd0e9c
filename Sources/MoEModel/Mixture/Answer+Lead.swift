extension Answer {
  /// What a user is told before everything else: what right and wrong are told by.
  public struct Lead: Sendable, Equatable {
    /// The selected pack with the greatest margin.
    public let pack: PackIdentity
    /// The given label of the greatest rank, whichever selected pack it is of; `nil` where none gives any.
    public let first: Prediction?
    /// The labels that the `tag` tasks of ``pack`` give, in order of rank.
    public let tags: [Prediction]

    /// Makes a lead.
    public init(pack: PackIdentity, first: Prediction?, tags: [Prediction] = []) {
      self.pack = pack
      self.first = first
      self.tags = tags
    }

    /// The labels that a task of ``pack`` gives, as bytes; of every task where its name is empty.
    public func tags(of task: String) -> Set<[UInt8]> {
      Set(
        tags.filter { task.isEmpty || $0.task.utf8.elementsEqual(task.utf8) }
          .map { Array($0.label.utf8) })
    }
  }

  /// What a user is told before everything else; `nil` where no pack is selected.
  public var lead: Lead? {
    guard let pack = route.first?.pack else { return nil }
    let given = predictions.filter(\.isGiven)
    return Lead(
      pack: pack, first: given.first,
      tags: given.filter { $0.threshold != nil && $0.pack == pack })
  }
}
