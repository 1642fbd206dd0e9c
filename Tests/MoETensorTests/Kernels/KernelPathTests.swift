import MoEBase
import MoETensor
import Testing

@Suite struct KernelPathTests {
  @Test func `the portable path is always there and the best one is the last supported`() {
    #expect(KernelPath.supported.first == .portable)
    #expect(KernelPath.best == KernelPath.supported.last)
    #expect(Kernels().path == KernelPath.best)
  }

  @Test func `the environment chooses the path`() throws {
    #expect(try KernelPath.requested(in: [:]) == .best)
    #expect(try KernelPath.requested(in: ["MOEPACK_KERNELS": ""]) == .best)
    #expect(try KernelPath.requested(in: ["MOEPACK_KERNELS": "portable"]) == .portable)
  }

  @Test func `a word that names no path is refused with the words that do`() {
    let error = #expect(throws: TensorError.kernelPathUnknown("sse\u{1b}")) {
      try KernelPath.requested(in: ["MOEPACK_KERNELS": "sse\u{1b}"])
    }
    #expect(
      error?.message
        == "`MOEPACK_KERNELS` names no kernels: expected one of `portable`, `avx2`, `avx512`, `avx512-vnni`, "
        + "`avx512-bf16`, `neon`, got `sse?`")
    #expect(
      error?.hint
        == "unset `MOEPACK_KERNELS` for the fastest kernels; all of them give the same bits")
    #expect(error?.exitCode == .configuration)
  }

  @Test func `a path of another CPU is refused with those of this one`() throws {
    let foreign = try #require(KernelPath.allCases.first { !KernelPath.supported.contains($0) })
    let error = #expect(throws: TensorError.kernelPathUnsupported(foreign)) {
      try KernelPath.requested(in: ["MOEPACK_KERNELS": foreign.rawValue])
    }
    #expect(
      error?.message.hasPrefix(
        "`MOEPACK_KERNELS` asks for kernels that this CPU cannot run: expected one of `portable`")
        == true)
    #expect(error?.message.hasSuffix(", got `\(foreign.rawValue)`") == true)
    #expect(error?.code == "kernel-path-unsupported")
  }
}
