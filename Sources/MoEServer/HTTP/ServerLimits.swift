import MoEBase

/// What a server takes of its clients; SPEC, *Server*.
public struct ServerLimits: Sendable {
  /// The most bytes of a request's head.
  public var headSizeBytes = 16 << 10
  /// How long a head may take, from its first byte.
  public var headTimeout: Duration = .seconds(10)
  /// The most bytes of a request's body.
  public var bodySizeBytes = 2 << 20
  /// How long a body may take.
  public var bodyTimeout: Duration = .seconds(30)
  /// How long a connection may do nothing between requests, or take to read what was written to it.
  public var idleTimeout: Duration = .seconds(60)
  /// How long a client that closed its side of the connection is thought to wait for its answer still.
  public var halfCloseTimeout: Duration = .milliseconds(500)
  /// The most connections at once.
  public var connectionCount = 4096
  /// How deep JSON may nest.
  public var jsonDepth = 64
  /// The most texts of a request.
  public var textCount = 2048
  /// The most tokens of a request's texts together.
  public var requestTokens = 1 << 17
  /// The most requests that wait.
  public var queueRequests = 512
  /// The most tokens that wait.
  public var queueTokens = 1 << 19
  /// How long a request may wait and be worked on.
  public var requestTimeout: Duration = .seconds(60)
  /// How long a lone request waits for company.
  public var batchWait: Duration = .milliseconds(1)
  /// The most tokens of a batch that holds more than one text.
  public var batchTokens = 2048
  /// The most packs that may answer one request.
  public var topK = 16
  /// How long requests under way have after SIGTERM.
  public var drainTimeout: Duration = .seconds(25)

  /// Makes the defaults.
  public init() {}
}
