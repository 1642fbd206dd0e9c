import MoETensor

/// What attention keeps of one sequence: its keys and values in every layer.
///
/// A sequence's cache is its own: nothing of another sequence is ever read through it. One thread at a time
/// uses it.
public final class KeyValueCache {
  /// How many tokens are in it.
  public internal(set) var count = 0
  let layers: [KeyValuePanels]

  init(shapes: [CachedAttentionShape]) {
    layers = shapes.map { KeyValuePanels(shape: $0) }
  }

  /// Forgets the tokens from `count` on.
  ///
  /// - Precondition: There are as many.
  public func truncate(to count: Int) {
    precondition((0...self.count).contains(count), "a cache of \(self.count) tokens")
    self.count = count
  }

  /// The bytes held.
  public var sizeBytes: Int { layers.reduce(0) { $0 + $1.sizeBytes } }
}
