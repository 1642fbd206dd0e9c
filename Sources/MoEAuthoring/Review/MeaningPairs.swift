import MoEBase
public import MoETensor

/// Pairs of texts whose embeddings lie close together.
public enum MeaningPairs {
  /// The cosine from which two texts are taken to mean the same.
  ///
  /// Of the 10,000 texts of this project's first two packs, written one by one, no two come as near.
  public static let nearness: Float = 0.97
  /// So many rows are compared with all others at a time.
  private static let block = 256

  /// Finds pairs.
  ///
  /// - Parameters:
  ///   - embeddings: z of every text, `[N, D]`, each row of length 1.
  ///   - width: D.
  ///   - nearness: The least cosine.
  ///   - kernels: What it runs on.
  ///   - pool: The threads that share the work.
  /// - Returns: Pairs of rows, the lesser first, in their order.
  public static func find(
    in embeddings: [Float], width: Int, nearness: Float = Self.nearness, kernels: Kernels,
    pool: ThreadPool
  ) -> [(Int, Int)] {
    let count = embeddings.count / max(1, width)
    guard count > 1 else { return [] }
    let packed = PackedMatrix(rows: count, columns: width, values: embeddings)
    let blocks = (count + block - 1) / block
    var found = [[(Int, Int)]](repeating: [], count: blocks)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      embeddings.withUnsafeBufferPointer { rows in
        nonisolated(unsafe) let rows = rows
        pool.run(count: blocks) { task, _ in
          let first = task * block
          let size = min(block, count - first)
          guard let start = rows.baseAddress else { return }
          let cosines = [Float](unsafeUninitializedCapacity: size * count) { buffer, initialized in
            if let target = buffer.baseAddress {
              kernels.linear(start + first * width, rows: size, weight: packed, into: target)
            }
            initialized = size * count
          }
          for row in 0..<size {
            for other in (first + row + 1)..<max(count, first + row + 1)
            where cosines[row * count + other] >= nearness {
              found[task].append((first + row, other))
            }
          }
        }
      }
    }
    return found.flatMap(\.self)
  }
}
