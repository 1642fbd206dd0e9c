/// The names of a pack's tensors; all are F32.
///
/// D: the backbone's width. G: the width of its features. F: the experts' width. E: experts a layer. C: dispatcher
/// rows. H: buckets of n-grams. L: labels.
///
/// | entry | tensor | shape |
/// |---|---|---|
/// | experts | `layers.<i>.experts.<e>.up.weight`, `.up.bias` | [F, D], [F] |
/// | experts | `layers.<i>.experts.<e>.down.weight`, `.down.bias` | [D, F], [D] |
/// | experts, on a language model | `layers.<i>.experts.<e>.gate.weight`, `.up.weight`, `.down.weight` | [F, D], [F, D], [D, F] |
/// | router | `dispatcher.weight`, `.bias`, `.prior` | [C, G], [C], [C] |
/// | router | `dispatcher.ngrams`, only where the share of n-grams is above 0 | [H] |
/// | router | `layers.<i>.router.weight`, `.bias`, only where E > 1 | [E, D], [E] |
/// | router, on a language model | `layers.<i>.router.weight` | [E, D] |
/// | heads | `<task>.weight`, `<task>.bias` | [L, G], [L] |
public enum TensorName {
  /// The dispatcher's rows w.
  public static let dispatcherWeight = "dispatcher.weight"
  /// The dispatcher's offsets b.
  public static let dispatcherBias = "dispatcher.bias"
  /// The rows' priors π.
  public static let dispatcherPrior = "dispatcher.prior"
  /// The weights v of hashed n-grams.
  public static let dispatcherNGrams = "dispatcher.ngrams"
  /// H, how many buckets n-grams are hashed into.
  public static let ngramBucketCount = 65_536

  /// The weight of a gated expert's gate.
  public static func expertGateWeight(layer: Int, expert: Int) -> String {
    "layers.\(layer).experts.\(expert).gate.weight"
  }
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
  /// The thresholds of a `tag` task's head.
  public static func headThreshold(task: String) -> String { "\(task).threshold" }
}
