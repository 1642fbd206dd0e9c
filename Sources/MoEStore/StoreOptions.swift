/// How a process works with a store.
public struct StoreOptions: Sendable {
  /// How long a change waits for another one to end before it gives up with exit code 75.
  public var lockTimeout: Duration = .seconds(10)
  /// What this process tells those who wait for it; never any text of a request.
  public var command = "moe-pack"
  /// Called once, on the waiting thread, when a change has to wait.
  public var onWait: (@Sendable (LockHolder) -> Void)?
  /// What changes files.
  public var fileSystem: any FileSystem = PosixFileSystem()

  /// Makes the defaults.
  public init() {}
}
