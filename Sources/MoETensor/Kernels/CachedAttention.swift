import CKernels

/// The shape of one layer's attention over a cache.
public struct CachedAttentionShape: Sendable, Equatable {
  /// H, query heads: a multiple of the key heads.
  public let heads: Int
  /// Key and value heads, each shared by `heads / keyHeads` query heads.
  public let keyHeads: Int
  /// The dimensions of one head.
  public let headWidth: Int
  /// How many keys a query sees at most, its own included; all before it where `nil`.
  public let window: Int?
  /// What scores are multiplied with.
  public let scale: Float

  /// Makes a shape.
  ///
  /// - Precondition: `keyHeads` divides `heads`, `window` is positive, `scale` is positive.
  public init(heads: Int, keyHeads: Int, headWidth: Int, window: Int?, scale: Float) {
    precondition(keyHeads >= 1 && heads % keyHeads == 0, "\(heads) heads over \(keyHeads)")
    precondition(headWidth >= 1 && (window ?? 1) >= 1 && scale > 0, "attention over nothing")
    self.heads = heads
    self.keyHeads = keyHeads
    self.headWidth = headWidth
    self.window = window
    self.scale = scale
  }
}

/// The keys and values of one sequence in one layer, in the panels that attention reads.
///
/// Keys lie as `[keyHeads][capacity / 32][headWidth][32]`, values as
/// `[keyHeads][⌈headWidth / 32⌉][capacity][32]`. One thread at a time appends; many may read.
public final class KeyValuePanels {
  /// How many positions there is room for, a multiple of 32.
  public private(set) var capacity = 0
  private let shape: CachedAttentionShape
  private var keys = AlignedBuffer(count: 0)
  private var values = AlignedBuffer(count: 0)

  /// Makes an empty cache.
  public init(shape: CachedAttentionShape) {
    self.shape = shape
  }

  /// The bytes held.
  public var sizeBytes: Int { (keys.count + values.count) * MemoryLayout<Float>.stride }

  /// Makes room for `count` positions, keeping the first `kept`.
  public func reserve(_ count: Int, keeping kept: Int) {
    guard count > capacity else { return }
    let panel = PackedMatrix.panelWidth
    let wanted = (max(count, 2 * capacity) + panel - 1) / panel * panel
    let valuePanels = shape.keyHeads * ((shape.headWidth + panel - 1) / panel)
    let newKeys = AlignedBuffer(count: shape.keyHeads * wanted * shape.headWidth)
    let newValues = AlignedBuffer(count: valuePanels * wanted * panel)
    let keptKeys = (kept + panel - 1) / panel * panel * shape.headWidth
    for head in 0..<shape.keyHeads where kept > 0 {
      (newKeys.pointer + head * wanted * shape.headWidth).update(
        from: keys.pointer + head * capacity * shape.headWidth, count: keptKeys)
    }
    for index in 0..<valuePanels where kept > 0 {
      (newValues.pointer + index * wanted * panel).update(
        from: values.pointer + index * capacity * panel, count: kept * panel)
    }
    keys = newKeys
    values = newValues
    capacity = wanted
  }

  /// Writes keys and values `[count, keyHeads · headWidth]` at the positions from `position` on.
  ///
  /// - Precondition: There is room.
  public func append(
    keys newKeys: UnsafePointer<Float>, values newValues: UnsafePointer<Float>, stride: Int,
    count: Int, position: Int
  ) {
    precondition(position >= 0 && count >= 0 && position + count <= capacity, "a full cache")
    moe_cache_append(
      newKeys, newValues, stride, count, position, shape.keyHeads, shape.headWidth, capacity,
      keys.pointer, values.pointer)
  }

  /// Attends with new tokens whose keys and values were appended.
  ///
  /// A query at position p sees the keys `p − window + 1 … p`. The formulas are those of
  /// ``Kernels/attention(queries:keys:values:stride:tokens:heads:headWidth:scale:mask:into:outputStride:workspace:)``;
  /// the bits of a token's context do not depend on how many tokens come together.
  ///
  /// Shapes: `queries` and `context` are `[count, H · headWidth]`.
  ///
  /// Reference: Ainslie et al., *GQA* (2023), arXiv:2305.13245.
  ///
  /// - Parameters:
  ///   - queries: The first query's row.
  ///   - stride: Between rows of queries.
  ///   - count: How many queries there are.
  ///   - position: That of the first.
  ///   - keyHeads: Which key heads to compute, with their query heads; all when absent.
  ///   - kernels: What runs it.
  ///   - context: Receives the outputs.
  ///   - contextStride: Between rows of the outputs.
  ///   - workspace: ``workspaceCount`` floats.
  public func attend(
    queries: UnsafePointer<Float>, stride: Int, count: Int, position: Int,
    keyHeads: Range<Int>? = nil, kernels: Kernels, into context: UnsafeMutablePointer<Float>,
    contextStride: Int, workspace: UnsafeMutablePointer<Float>
  ) {
    guard count > 0 else { return }
    precondition(position >= 0 && position + count <= capacity, "keys that are not in the cache")
    let range = keyHeads ?? 0..<shape.keyHeads
    precondition(range.lowerBound >= 0 && range.upperBound <= shape.keyHeads, "no such key heads")
    var arguments = moe_cached_attention_arguments(
      queries: queries, query_stride: stride, query_count: count, keys: keys.pointer,
      values: values.pointer, capacity: capacity, position: position, window: shape.window ?? 0,
      heads: shape.heads, key_heads: shape.keyHeads, head_width: shape.headWidth,
      key_head_first: range.lowerBound, key_head_last: range.upperBound, scale: shape.scale,
      context: context, context_stride: contextStride, workspace: workspace)
    kernels.call { $0.cached_attention(&arguments) }
  }

  /// The floats of workspace that attention over this cache needs.
  public var workspaceCount: Int { moe_cached_attention_workspace(capacity) }
}
