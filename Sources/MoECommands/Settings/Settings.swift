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
    func variable(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    let home =
      variable("HOME").map { URL(fileURLWithPath: $0, isDirectory: true) }
      ?? FileManager.default.homeDirectoryForCurrentUser
    // The XDG specification has relative paths ignored.
    let data =
      variable("XDG_DATA_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
      .map { URL(fileURLWithPath: $0, isDirectory: true) } ?? home.appending(path: ".local/share")
    let root = data.appending(path: "moe-pack", directoryHint: .isDirectory)
    storeDirectory =
      (store ?? variable(Self.storeKey).flatMap(Path.init(argument:)))?.directory
      ?? root.appending(path: "store", directoryHint: .isDirectory)
    backbones = BackboneRegistry(
      root: root.appending(path: "backbones", directoryHint: .isDirectory))
    let configuration =
      variable("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
      .map { URL(fileURLWithPath: $0, isDirectory: true) } ?? home.appending(path: ".config")
    configurationFile = configuration.appending(path: "moe-pack/config.json")
    let state =
      variable("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
      .map { URL(fileURLWithPath: $0, isDirectory: true) } ?? home.appending(path: ".local/state")
    stateDirectory = state.appending(path: "moe-pack/serve", directoryHint: .isDirectory)
    lockTimeout = .milliseconds(Int64((lockTimeoutSeconds * 1000).rounded()))
    self.environment = environment
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
