import CKernels
public import Foundation

/// The instructions that the inference kernels use; every path gives the same bits.
public enum KernelPath: String, CaseIterable, Sendable {
  /// C that any CPU runs; slow where the CPU has no fused multiply-add.
  case portable
  /// x86-64 with AVX2 and FMA.
  case avx2
  /// x86-64 with AVX-512 F, DQ, BW and VL.
  case avx512
  /// x86-64 with AVX-512 F, DQ, BW, VL and VNNI.
  case avx512VNNI = "avx512-vnni"
  /// x86-64 with AVX-512 F, DQ, BW, VL, VNNI and BF16.
  case avx512BF16 = "avx512-bf16"
  /// 64-bit ARM.
  case neon

  /// The environment variable that asks for a path: `MOEPACK_KERNELS`.
  public static let environmentKey = "MOEPACK_KERNELS"

  /// The paths this CPU can run, slowest first.
  public static let supported: [KernelPath] = allCases.filter { moe_path_supported($0.code) }

  /// The fastest path this CPU can run.
  public static let best: KernelPath = supported.last ?? .portable

  /// The path that the environment asks for, or the best one where it asks for none.
  ///
  /// - Throws: ``TensorError/kernelPathUnknown(_:)`` or ``TensorError/kernelPathUnsupported(_:)``.
  public static func requested(
    in environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(TensorError) -> KernelPath {
    guard let name = environment[environmentKey], !name.isEmpty else { return best }
    guard let path = allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) }) else {
      throw .kernelPathUnknown(name)
    }
    guard supported.contains(path) else { throw .kernelPathUnsupported(path) }
    return path
  }

  var code: moe_path {
    switch self {
    case .portable: MOE_PATH_PORTABLE
    case .avx2: MOE_PATH_AVX2
    case .avx512: MOE_PATH_AVX512
    case .avx512VNNI: MOE_PATH_AVX512_VNNI
    case .avx512BF16: MOE_PATH_AVX512_BF16
    case .neon: MOE_PATH_NEON
    }
  }
}
