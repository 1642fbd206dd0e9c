import CBLAS
import Foundation

/// OpenBLAS, which multiplies matrices for training; loaded when it is first asked for.
///
/// Its bits vary with the CPU and with a row's place in a tile, so inference never uses it. It runs on the
/// calling thread only: training divides its work into fixed parts itself, and then the bits do not depend
/// on the number of threads.
public final class OpenBLAS: Sendable {
  /// The names under which the library is looked for.
  public static let libraryNames = [
    "libopenblas.so.0", "libopenblas.so",
    "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
    "/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0", "libopenblas.dylib",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
  ]

  /// The name under which the library was found.
  public let libraryName: String
  /// The kernels that the library chose, in its words: `SkylakeX`.
  public let coreName: String
  /// How the library was built, in its words: version, threads, limits.
  public let configuration: String
  private let multiply: Multiply

  private static let loaded = Result<OpenBLAS, TensorError> { () throws(TensorError) in
    try OpenBLAS(names: libraryNames)
  }

  /// The library of the process, loaded by the first call.
  ///
  /// Before it initialises, the environment is set: one thread; and, unless `OPENBLAS_CORETYPE` is set
  /// already, the kernels that suit this CPU (left alone, 0.3.21 takes its AVX2 kernels on AMD Zen 5).
  ///
  /// - Throws: ``TensorError/blasMissing(tried:reason:)`` or
  ///   ``TensorError/blasFunctionMissing(library:function:)``.
  public static func load() throws(TensorError) -> OpenBLAS { try loaded.get() }

  /// Loads the first library of those names that is there.
  ///
  /// - Throws: ``TensorError/blasMissing(tried:reason:)`` or
  ///   ``TensorError/blasFunctionMissing(library:function:)``.
  public init(names: [String]) throws(TensorError) {
    setenv("OPENBLAS_NUM_THREADS", "1", 1)
    if let core = Self.coreType(for: KernelPath.supported) { setenv("OPENBLAS_CORETYPE", core, 0) }
    var reason = "no name given"
    for name in names {
      guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
        reason = dlerror().map { String(cString: $0) } ?? "no reason given"
        continue
      }
      guard let multiply = dlsym(handle, "cblas_sgemm") else {
        throw .blasFunctionMissing(library: name, function: "cblas_sgemm")
      }
      self.multiply = unsafeBitCast(multiply, to: Multiply.self)
      libraryName = name
      coreName = Self.text(handle, "openblas_get_corename")
      configuration = Self.text(handle, "openblas_get_config")
      return
    }
    throw .blasMissing(tried: names, reason: reason)
  }

  /// The kernels to ask for on a CPU that can run `paths`; `nil` leaves the choice to the library.
  public static func coreType(for paths: [KernelPath]) -> String? {
    if paths.contains(.avx512) { return "SKYLAKEX" }
    return paths.contains(.avx2) ? "HASWELL" : nil
  }

  /// Computes `C = alpha · op(A) · op(B) + beta · C`, all row-major.
  ///
  /// With `beta` 0 what stood in C is not read.
  ///
  /// Shapes: op(A) is `[m, k]`, op(B) `[k, n]`, C `[m, n]`.
  ///
  /// - Parameters:
  ///   - transposeA: Whether A is stored as `[k, m]`.
  ///   - transposeB: Whether B is stored as `[n, k]`.
  ///   - m: Rows of C.
  ///   - n: Columns of C.
  ///   - k: The length of the sums.
  ///   - alpha: The factor of the product.
  ///   - a: A.
  ///   - lda: Between rows of A as stored.
  ///   - b: B.
  ///   - ldb: Between rows of B as stored.
  ///   - beta: The factor of what stands in C.
  ///   - c: C.
  ///   - ldc: Between rows of C.
  public func sgemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, lda: Int, b: UnsafePointer<Float>, ldb: Int, beta: Float = 0,
    c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    multiply(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans,
      transposeB ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k), alpha, a,
      blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
  }

  private typealias Multiply =
    @convention(c) @Sendable (
      CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, blasint, blasint, blasint, Float,
      UnsafePointer<Float>, blasint, UnsafePointer<Float>, blasint, Float,
      UnsafeMutablePointer<Float>, blasint
    ) -> Void

  private static func text(_ handle: UnsafeMutableRawPointer, _ function: String) -> String {
    typealias Text = @convention(c) () -> UnsafePointer<CChar>?
    guard let address = dlsym(handle, function) else { return "unknown" }
    return unsafeBitCast(address, to: Text.self)().map { String(cString: $0) } ?? "unknown"
  }
}
