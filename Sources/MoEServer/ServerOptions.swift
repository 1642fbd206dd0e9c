public import Foundation
public import MoEPackFormat
public import MoEStore
public import MoETensor

/// How a server is to run.
public struct ServerOptions: Sendable {
  /// The address to listen on.
  public var host = "127.0.0.1"
  /// The port; 0 for any that is free.
  public var port = 8080
  /// The Unix socket through which whoever may open it is an administrator; none where `nil`.
  public var adminSocket: URL?
  /// The keys; where `nil`, whoever reaches the server may ask every pack.
  public var keys: URL?
  /// The names, beside those of this machine, by which clients may call the server.
  public var hosts: [String] = []
  /// Where the audit log, corrections and usage counts are kept.
  public var stateDirectory: URL
  /// What signs usage receipts; where `nil`, there are none.
  public var receiptKey: SigningKey?
  /// What it takes of its clients.
  public var limits = ServerLimits()
  /// The program's version, for `/version`.
  public var version: String
  /// The threads that compute.
  public var pool: ThreadPool
  /// Brings an earlier generation back; `isProven` asks for the regression suite.
  public var rollback:
    @Sendable (_ generation: Int, _ actor: String, _ isProven: Bool) throws -> Generation

  /// Makes options with the defaults.
  public init(
    stateDirectory: URL, version: String, pool: ThreadPool,
    rollback: @escaping @Sendable (Int, String, Bool) throws -> Generation
  ) {
    self.stateDirectory = stateDirectory
    self.version = version
    self.pool = pool
    self.rollback = rollback
  }

  /// Whether the address is this machine's alone.
  var isLoopback: Bool {
    ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
  }
}
