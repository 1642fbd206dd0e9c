public import MoEBase
import MoETensor

/// The sequence-level gate: which packs, if any, answer a request.
///
/// ```
/// eligible:  δ_p finite and > 0, after the operator's shift
/// selected:  the K eligible packs with the greatest δ, ties by digest,
///            less those more than Δ under the greatest
/// weights:   softmax over {0 for "none"} ∪ {δ_p : p selected}, summed in digest order
/// ```
///
/// A pack that is not eligible can change nothing here: it is gone before the first comparison
/// between packs (invariant I1). No row of any pack is touched by another pack's coming or going.
public struct Dispatcher: Sendable, Equatable {
  /// The version of the gating maths of this file, as it stands in manifests.
  public static let gateVersion = 1

  /// K, the most packs that answer one request.
  public var topK: Int
  /// Δ, how far (in nats) under the greatest margin a selected pack may lie.
  public var gap: Double
  /// What the operator adds to every margin of this store, in nats.
  public var shift: Double

  /// Makes a dispatcher.
  public init(topK: Int = 2, gap: Double = 3, shift: Double = 0) {
    precondition(topK >= 1, "at least one pack must be able to answer")
    self.topK = topK
    self.gap = gap
    self.shift = shift
  }

  /// Makes a dispatcher for an operator who wants a pack to be more probable than `threshold`, 0 … 1.
  ///
  /// `shift = log((1 − threshold) / threshold)`, so that `δ + shift > 0` where `sigmoid(δ) > threshold`.
  public init(threshold: Double) {
    // Of the least numbers the quotient is beyond what a number can hold, and its logarithm is not.
    let odds = (1 - threshold) / threshold
    self.init(shift: odds.isFinite ? Elementary.log(odds) : -Elementary.log(threshold))
  }

  /// One pack's margin for one request.
  public struct Candidate: Sendable, Equatable {
    /// The pack.
    public let pack: Digest
    /// δ, score less threshold over temperature, in nats; `sigmoid(δ)` is the calibrated
    /// probability that the pack is responsible and not the background.
    public let margin: Double

    /// Makes a candidate.
    public init(pack: Digest, margin: Double) {
      self.pack = pack
      self.margin = margin
    }
  }

  /// One selected pack.
  public struct Selection: Sendable, Equatable {
    /// The index of the pack among the candidates.
    public let index: Int
    /// δ with the operator's shift.
    public let margin: Double
    /// The posterior over the selected packs and "none"; 0 … 1.
    public let weight: Double
  }

  /// What the dispatcher decided for one request.
  public struct Decision: Sendable, Equatable {
    /// The selected packs, greatest margin first.
    public let route: [Selection]
    /// The weight of "no pack is responsible"; 1 when nothing is selected.
    public let none: Double
    /// The candidate with the greatest finite margin, selected or not, and that margin.
    public let nearest: (index: Int, margin: Double)?

    /// Whether both decisions say the same.
    public static func == (left: Decision, right: Decision) -> Bool {
      left.route == right.route && left.none == right.none
        && left.nearest?.index == right.nearest?.index
        && left.nearest?.margin == right.nearest?.margin
    }
  }

  /// Decides for one request.
  ///
  /// - Parameters:
  ///   - candidates: Every pack that the caller may use, in any order.
  ///   - isForced: Selects the nearest pack alone even when its margin is not positive.
  /// - Returns: The decision; it does not depend on the order of `candidates`.
  public func decide(_ candidates: [Candidate], isForced: Bool = false) -> Decision {
    let ranked = candidates.indices
      .filter { candidates[$0].margin.isFinite }
      .map { (index: $0, margin: candidates[$0].margin + shift) }
      .sorted { left, right in
        if left.margin != right.margin { return left.margin > right.margin }
        return candidates[left.index].pack < candidates[right.index].pack
      }
    var selected = ranked.filter { $0.margin > 0 }.prefix(topK)
    if let greatest = selected.first?.margin {
      selected = selected.filter { $0.margin >= greatest - gap }[...]
    }
    if isForced { selected = ranked.prefix(1) }
    let order = selected.indices.sorted {
      candidates[selected[$0].index].pack < candidates[selected[$1].index].pack
    }
    let top = max(0, selected.first?.margin ?? 0)
    let none = Elementary.exp(-top)
    var total = none
    for index in order { total += Elementary.exp(selected[index].margin - top) }
    return Decision(
      route: selected.map {
        Selection(
          index: $0.index, margin: $0.margin, weight: Elementary.exp($0.margin - top) / total)
      },
      none: none / total,
      nearest: ranked.first.map { ($0.index, $0.margin) })
  }
}
