import SafeTensors

/// The names of a pack's tensors; all are F32.
///
/// D: the backbone's width. F: the experts' width. E: experts a layer. C: dispatcher rows. L: labels.
///
/// | entry | tensor | shape |
/// |---|---|---|
/// | experts | `layers.<i>.experts.<e>.up.weight`, `.up.bias` | [F, D], [F] |
/// | experts | `layers.<i>.experts.<e>.down.weight`, `.down.bias` | [D, F], [D] |
/// | router | `dispatcher.weight`, `.bias`, `.prior` | [C, D], [C], [C] |
/// | router | `layers.<i>.router.weight`, `.bias`, only where E > 1 | [E, D], [E] |
/// | heads | `<task>.weight`, `<task>.bias` | [L, D], [L] |
public enum TensorName {
  /// The dispatcher's rows w.
  public static let dispatcherWeight = "dispatcher.weight"
  /// The dispatcher's offsets b.
  public static let dispatcherBias = "dispatcher.bias"
  /// The rows' priors π.
  public static let dispatcherPrior = "dispatcher.prior"

  /// The weight of an expert's first projection.
  public static func expertUpWeight(layer: Int, expert: Int) -> String {
    "layers.\(layer).experts.\(expert).up.weight"
  }
  /// The bias of an expert's first projection.
  public static func expertUpBias(layer: Int, expert: Int) -> String {
    "layers.\(layer).experts.\(expert).up.bias"
  }
  /// The weight of an expert's second projection.
  public static func expertDownWeight(layer: Int, expert: Int) -> String {
    "layers.\(layer).experts.\(expert).down.weight"
  }
  /// The bias of an expert's second projection.
  public static func expertDownBias(layer: Int, expert: Int) -> String {
    "layers.\(layer).experts.\(expert).down.bias"
  }
  /// The weight of a layer's expert router.
  public static func routerWeight(layer: Int) -> String { "layers.\(layer).router.weight" }
  /// The bias of a layer's expert router.
  public static func routerBias(layer: Int) -> String { "layers.\(layer).router.bias" }
  /// The weight of a task's head.
  public static func headWeight(task: String) -> String { "\(task).weight" }
  /// The bias of a task's head.
  public static func headBias(task: String) -> String { "\(task).bias" }
}

extension Manifest {
  /// The tensors a pack with this manifest has to hold, exactly, for a backbone of width D.
  ///
  /// - Parameter width: D.
  /// - Returns: The tensors in the order of entries, then of the bytes of their names.
  public func expectedTensors(width: Int) -> [Tensor] {
    var tensors: [Tensor] = []
    func add(_ entry: String, _ name: String, _ shape: [Int]) {
      tensors.append(Tensor(entry: entry, name: name, dtype: .f32, shape: shape))
    }
    if let experts {
      for layer in experts.layers {
        for expert in 0..<experts.count {
          let up = TensorName.expertUpWeight(layer: layer, expert: expert)
          add(EntryName.experts, up, [experts.width, width])
          add(
            EntryName.experts, TensorName.expertUpBias(layer: layer, expert: expert),
            [experts.width])
          let down = TensorName.expertDownWeight(layer: layer, expert: expert)
          add(EntryName.experts, down, [width, experts.width])
          add(EntryName.experts, TensorName.expertDownBias(layer: layer, expert: expert), [width])
        }
        if experts.count > 1 {
          add(EntryName.router, TensorName.routerWeight(layer: layer), [experts.count, width])
          add(EntryName.router, TensorName.routerBias(layer: layer), [experts.count])
        }
      }
    }
    add(EntryName.router, TensorName.dispatcherWeight, [dispatcher.rows, width])
    add(EntryName.router, TensorName.dispatcherBias, [dispatcher.rows])
    add(EntryName.router, TensorName.dispatcherPrior, [dispatcher.rows])
    for task in tasks {
      add(EntryName.heads, TensorName.headWeight(task: task.name), [task.labels.count, width])
      add(EntryName.heads, TensorName.headBias(task: task.name), [task.labels.count])
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
