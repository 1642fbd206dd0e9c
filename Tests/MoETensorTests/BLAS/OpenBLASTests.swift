import Foundation
import MoEBase
import MoETensor
import Testing

@Suite struct OpenBLASTests {
  @Test(arguments: [false, true], [false, true])
  func `products have the value of the sums, transposed or not`(
    transposeA: Bool, transposeB: Bool
  ) throws {
    let blas = try OpenBLAS.load()
    let (m, n, k) = (5, 7, 11)
    let a = samples(m * k, seed: 1)
    let b = samples(k * n, seed: 2)
    let start = samples(m * n, seed: 3)
    let c = output(m * n) {
      $0.update(from: start, count: m * n)
      blas.sgemm(
        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 2, a: a,
        lda: transposeA ? m : k, b: b, ldb: transposeB ? k : n, beta: 0.5, c: $0, ldc: n)
    }
    let expected = (0..<m * n).map { index in
      let (i, j) = (index / n, index % n)
      let sum = (0..<k).reduce(0.0) { sum, l in
        sum + Double(a[transposeA ? l * m + i : i * k + l])
          * Double(b[transposeB ? j * k + l : l * n + j])
      }
      return 2 * sum + 0.5 * Double(start[index])
    }
    // Float sums of 11 products.
    #expect(relativeDifference(c, expected) < 1e-6)
  }

  @Test func `with beta 0 what stood in the result is not read`() throws {
    let blas = try OpenBLAS.load()
    let c = output(1, filledWith: .nan) {
      blas.sgemm(m: 1, n: 1, k: 1, a: [2], lda: 1, b: [3], ldb: 1, c: $0, ldc: 1)
    }
    #expect(c == [6])
  }

  @Test func `it runs on one thread and on the kernels the environment names`() throws {
    let blas = try OpenBLAS.load()
    let environment = ProcessInfo.processInfo.environment
    #expect(environment["OPENBLAS_NUM_THREADS"] == "1")
    #expect(OpenBLAS.libraryNames.contains(blas.libraryName))
    #expect(blas.configuration.hasPrefix("OpenBLAS"))
    if let asked = environment["OPENBLAS_CORETYPE"] {
      #expect(blas.coreName.uppercased() == asked.uppercased())
    }
  }

  @Test func `without a word from the user it takes the kernels that suit this CPU`() async {
    await #expect(processExitsWith: .success) {
      unsetenv("OPENBLAS_CORETYPE")
      let blas = try OpenBLAS.load()
      if let core = OpenBLAS.coreType(for: KernelPath.supported) {
        try #require(blas.coreName.uppercased() == core)
      }
    }
  }

  @Test func `kernels that the user names are left alone`() async {
    await #expect(processExitsWith: .success) {
      setenv("OPENBLAS_CORETYPE", "Prescott", 1)
      let blas = try OpenBLAS.load()
      #if arch(x86_64)
        try #require(blas.coreName == "Prescott")
      #else
        try #require(!blas.coreName.isEmpty)
      #endif
    }
  }

  @Test func `the kernels follow the CPU`() {
    #expect(OpenBLAS.coreType(for: [.portable]) == nil)
    #expect(OpenBLAS.coreType(for: [.portable, .avx2]) == "HASWELL")
    #expect(OpenBLAS.coreType(for: [.portable, .avx2, .avx512]) == "SKYLAKEX")
    #expect(OpenBLAS.coreType(for: [.portable, .neon]) == nil)
  }

  @Test func `a missing library is an error that says how to install it`() throws {
    let names = ["libno-such-blas.so.7", "libno-such-blas.so"]
    let error = #expect(throws: TensorError.self) { try OpenBLAS(names: names) }
    let message = try #require(error?.message)
    #expect(
      message.hasPrefix(
        "OpenBLAS, which training needs, is not installed: tried `libno-such-blas.so.7`, "
          + "`libno-such-blas.so`; the loader said `"))
    #expect(message.contains("libno-such-blas.so: cannot open shared object file"))
    #expect(
      error?.hint
        == "nothing was trained; `apt-get install libopenblas-dev`, then run the command again")
    #expect(error?.code == "blas-missing")
    #expect(error?.exitCode == .configuration)
  }

  @Test func `a library of another kind is refused by the function it lacks`() {
    let expected = TensorError.blasFunctionMissing(library: "libm.so.6", function: "cblas_sgemm")
    let error = #expect(throws: expected) { try OpenBLAS(names: ["libm.so.6"]) }
    #expect(
      error?.message
        == "`libm.so.6` is not an OpenBLAS with a C interface: expected function `cblas_sgemm`, got none"
    )
    #expect(error?.code == "blas-function-missing")
  }
}
