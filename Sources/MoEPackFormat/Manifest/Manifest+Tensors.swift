import MoEBase
import SafeTensors

extension Manifest {
  /// The tensors a pack with this manifest has to hold, exactly.
  ///
  /// - Parameters:
  ///   - width: D of the backbone.
  ///   - featureWidth: G, the width of its features.
  /// - Returns: The tensors in the order of entries, then of the bytes of their names.
  public func expectedTensors(width: Int, featureWidth: Int) -> [Tensor] {
    var tensors: [Tensor] = []
    func add(_ entry: String, _ name: String, _ shape: [Int]) {
      tensors.append(Tensor(entry: entry, name: name, dtype: .f32, shape: shape))
    }
    if let experts {
      for layer in experts.layers {
        for expert in 0..<experts.count {
          let up = TensorName.expertUpWeight(layer: layer, expert: expert)
          add(EntryName.experts, up, [experts.width, width])
          let down = TensorName.expertDownWeight(layer: layer, expert: expert)
          add(EntryName.experts, down, [width, experts.width])
          if experts.isGated {
            let gate = TensorName.expertGateWeight(layer: layer, expert: expert)
            add(EntryName.experts, gate, [experts.width, width])
            continue
          }
          add(
            EntryName.experts, TensorName.expertUpBias(layer: layer, expert: expert),
            [experts.width])
          add(EntryName.experts, TensorName.expertDownBias(layer: layer, expert: expert), [width])
        }
        if experts.isGated {
          add(EntryName.router, TensorName.routerWeight(layer: layer), [experts.count, width])
        } else if experts.count > 1 {
          add(EntryName.router, TensorName.routerWeight(layer: layer), [experts.count, width])
          add(EntryName.router, TensorName.routerBias(layer: layer), [experts.count])
        }
      }
    }
    add(EntryName.router, TensorName.dispatcherWeight, [dispatcher.rows, featureWidth])
    add(EntryName.router, TensorName.dispatcherBias, [dispatcher.rows])
    add(EntryName.router, TensorName.dispatcherPrior, [dispatcher.rows])
    if dispatcher.ngramShare > 0 {
      add(EntryName.router, TensorName.dispatcherNGrams, [TensorName.ngramBucketCount])
    }
    for task in tasks where task.kind.hasLabels {
      add(
        EntryName.heads, TensorName.headWeight(task: task.name), [task.labels.count, featureWidth])
      add(EntryName.heads, TensorName.headBias(task: task.name), [task.labels.count])
      guard task.kind == .tag else { continue }
      add(EntryName.heads, TensorName.headThreshold(task: task.name), [task.labels.count])
    }
    return Self.ordered(tensors)
  }

  /// Tensors in the order of a manifest: by entry as in the archive, then by the bytes of their names.
  static func ordered(_ tensors: [Tensor]) -> [Tensor] {
    let order = [EntryName.experts, EntryName.router, EntryName.heads]
    return tensors.sorted { left, right in
      let leftEntry = order.firstIndex(of: left.entry) ?? order.count
      let rightEntry = order.firstIndex(of: right.entry) ?? order.count
      return leftEntry != rightEntry
        ? leftEntry < rightEntry : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
  }
}
