public import MoEBase

/// What can go wrong below the model: a setting that names nothing, a library that is not there.
public enum TensorError: ActionableError, Equatable {
  /// `MOEPACK_KERNELS` names no path.
  case kernelPathUnknown(String)
  /// `MOEPACK_KERNELS` names a path that this CPU cannot run.
  case kernelPathUnsupported(KernelPath)
  /// `MOEPACK_THREADS` is no usable number.
  case threadCount(String)
  /// OpenBLAS could not be loaded; `tried` are the names, `reason` is what the loader said last.
  case blasMissing(tried: [String], reason: String)
  /// The library was loaded and has no function of that name.
  case blasFunctionMissing(library: String, function: String)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .kernelPathUnknown: "kernel-path-unknown"
    case .kernelPathUnsupported: "kernel-path-unsupported"
    case .threadCount: "thread-count"
    case .blasMissing: "blas-missing"
    case .blasFunctionMissing: "blas-function-missing"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    let key = KernelPath.environmentKey
    switch self {
    case .kernelPathUnknown(let name):
      return "`\(key)` names no kernels: expected one of "
        + "\(Self.list(KernelPath.allCases)), got `\(Self.shown(name))`"
    case .kernelPathUnsupported(let path):
      return "`\(key)` asks for kernels that this CPU cannot run: expected one of "
        + "\(Self.list(KernelPath.supported)), got `\(path.rawValue)`"
    case .threadCount(let text):
      return
        "`\(ThreadPool.environmentKey)` is no number of threads: expected a whole number from 1 to "
        + "\(ThreadPool.mostThreads), got `\(Self.shown(text))`"
    case .blasMissing(let tried, let reason):
      return "OpenBLAS, which training needs, is not installed: tried "
        + "\(tried.map { "`\($0)`" }.joined(separator: ", ")); the loader said `\(reason)`"
    case .blasFunctionMissing(let library, let function):
      return "`\(library)` is not an OpenBLAS with a C interface: expected function `\(function)`, "
        + "got none"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .kernelPathUnknown, .kernelPathUnsupported:
      "unset `\(KernelPath.environmentKey)` for the fastest kernels; all of them give the same bits"
    case .threadCount:
      "unset `\(ThreadPool.environmentKey)` to use every core; the answers do not depend on it"
    case .blasMissing, .blasFunctionMissing:
      "nothing was trained; `apt-get install libopenblas-dev`, then run the command again"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode { .configuration }

  private static func list(_ paths: [KernelPath]) -> String {
    paths.map { "`\($0.rawValue)`" }.joined(separator: ", ")
  }

  /// A text from outside, cut short and without control characters.
  private static func shown(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : $0 })
    )
  }
}
