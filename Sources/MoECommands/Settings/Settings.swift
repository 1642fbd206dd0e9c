import Foundation
import MoEModel
import MoEPackFormat
import MoERuntime
import MoETensor

/// Where things lie and how much to use of this machine, from options and environment.
struct Settings: Sendable {
  /// The store's directory.
  let storeDirectory: URL
  /// Where the backbones lie.
  let backbones: BackboneRegistry
  /// Where a server keeps what it writes.
  let stateDirectory: URL
  /// How long a change waits for another one.
  let lockTimeout: Duration
  /// The operator's configuration; it need not be there.
  let configurationFile: URL
  private let environment: [String: String]

  static let storeKey = "MOEPACK_STORE"

  /// Reads the settings; what the environment leaves empty counts as unset.
  init(_ options: GlobalOptions, environment: [String: String]) {
    self.init(
      store: options.store, lockTimeoutSeconds: options.lockTimeoutSeconds, environment: environment
    )
  }

  /// Reads the settings, the options taken apart.
  init(store: Path?, lockTimeoutSeconds: Double, environment: [String: String]) {
    func variable(_ name: String) -> String? { environment[name] }
    func directory(_ name: String, _ fallback: String) -> URL {
      URL(fileURLWithPath: Self.base(name, fallback, variable), isDirectory: true)
        .appending(path: "moe-pack", directoryHint: .isDirectory)
    }
    storeDirectory = URL(
      fileURLWithPath: Self.storePath(store, variable: variable), isDirectory: true)
    backbones = BackboneRegistry(
      root: directory("XDG_DATA_HOME", ".local/share")
        .appending(path: "backbones", directoryHint: .isDirectory))
    configurationFile = directory("XDG_CONFIG_HOME", ".config").appending(path: "config.json")
    stateDirectory = directory("XDG_STATE_HOME", ".local/state")
      .appending(path: "serve", directoryHint: .isDirectory)
    lockTimeout = .milliseconds(Int64((lockTimeoutSeconds * 1000).rounded()))
    self.environment = environment
  }

  /// Where the store lies: where the option says, or the environment, or where the user's data are.
  ///
  /// `CGivingWay` asks the same before the program begins.
  ///
  /// - Parameters:
  ///   - option: What `--store` names.
  ///   - variable: A variable of the environment; an empty one counts as unset.
  /// - Returns: A path, from the root or from the current directory.
  private static func storePath(_ option: Path?, variable: (String) -> String?) -> String {
    if let option { return option.text }
    if let store = variable(storeKey), !store.isEmpty { return store }
    return base("XDG_DATA_HOME", ".local/share", variable) + "/moe-pack/store"
  }

  /// One of the base directories of the XDG specification, which has relative paths ignored.
  private static func base(
    _ name: String, _ fallback: String, _ variable: (String) -> String?
  ) -> String {
    if let path = variable(name), path.hasPrefix("/") { return path }
    if let home = variable("HOME"), !home.isEmpty { return home + "/" + fallback }
    return FileManager.default.homeDirectoryForCurrentUser.path + "/" + fallback
  }

  /// Refuses what the environment or the configuration asks for and cannot be had, whether it is needed or
  /// not.
  ///
  /// - Throws: `TensorError`, ``ConfigurationError``, exit code 78.
  func check() throws {
    _ = try limits()
    _ = try KernelPath.requested(in: environment)
    _ = try ThreadPool.requestedThreads(in: environment)
  }

  /// What an archive may be, as the operator lowered it.
  ///
  /// - Throws: ``ConfigurationError``.
  func limits() throws(ConfigurationError) -> ArchiveLimits {
    try Configuration(file: configurationFile).limits
  }

  /// What the regression suite lets pass in this operator's stores.
  ///
  /// - Throws: ``ConfigurationError``.
  func gateLimits() throws(ConfigurationError) -> GateLimits {
    try Configuration(file: configurationFile).gate
  }

  /// The kernels that `MOEPACK_KERNELS` asks for.
  ///
  /// - Throws: `TensorError`, exit code 78.
  func kernels() throws -> Kernels { Kernels(path: try KernelPath.requested(in: environment)) }

  /// The threads that `MOEPACK_THREADS` asks for.
  ///
  /// - Throws: `TensorError`, exit code 78.
  func pool() throws -> ThreadPool {
    ThreadPool(threads: try ThreadPool.requestedThreads(in: environment))
  }
}
