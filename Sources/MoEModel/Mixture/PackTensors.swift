/// The names of a pack's tensors (SPEC, *Tensors*): one table, read by whoever writes or loads them.
public enum PackTensors {
  /// `[C, D]`, in `router.safetensors`.
  public static let rowWeight = "dispatcher.weight"
  /// `[C]`.
  public static let rowBias = "dispatcher.bias"
  /// `[C]`, positive, summing to one.
  public static let rowPrior = "dispatcher.prior"

  /// `[E, D]`, in `router.safetensors` when E > 1.
  public static func routerWeight(layer: Int) -> String { "layers.\(layer).router.weight" }
  /// `[E]`.
  public static func routerBias(layer: Int) -> String { "layers.\(layer).router.bias" }
  /// `[L, D]`, in `heads.safetensors`.
  public static func headWeight(_ task: String) -> String { "\(task).weight" }
  /// `[L]`.
  public static func headBias(_ task: String) -> String { "\(task).bias" }

  /// The four tensors of one expert, in `experts.safetensors`.
  public struct Expert: Sendable {
    private let prefix: String

    /// Names the tensors of an expert.
    public init(layer: Int, expert: Int) {
      prefix = "layers.\(layer).experts.\(expert)"
    }

    /// `[F, D]`.
    public var upWeight: String { prefix + ".up.weight" }
    /// `[F]`.
    public var upBias: String { prefix + ".up.bias" }
    /// `[D, F]`.
    public var downWeight: String { prefix + ".down.weight" }
    /// `[D]`.
    public var downBias: String { prefix + ".down.bias" }
  }
}
