import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import MoEBase
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// A server: HTTP in front of the composition of a store, which it follows.
public struct ModelServer: Sendable {
  private let service: MoEService

  /// Loads what the store has; nothing is served yet.
  ///
  /// - Parameters:
  ///   - options: How it is to run.
  ///   - source: The store and the backbones.
  ///   - report: Told what happens, a sentence each, from any thread.
  /// - Throws: ``ServerError``, `StoreError`, `RuntimeError`, `BackboneError`.
  public init(
    _ options: ServerOptions, source: CompositionSource,
    report: @escaping @Sendable (String) -> Void
  ) throws {
    service = try MoEService(options, source: source, report: report)
  }

  /// Serves until it is told to end: by SIGTERM, SIGINT, or the task's cancellation.
  ///
  /// - Parameters:
  ///   - handlesSignals: Whether SIGTERM and SIGINT end it; every request under way is answered first.
  ///   - whenReady: Told the port, once clients can connect.
  /// - Throws: ``ServerError/cannotBind(address:reason:)``.
  public func run(
    handlesSignals: Bool = true, whenReady: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws {
    let options = service.options
    raiseFileLimit()
    service.start()
    defer { service.stop() }
    var logger = Logger(label: "moe-pack")
    logger.logLevel = .critical
    var services: [any Service] = [
      application(
        .hostname(options.host, port: options.port), isSocket: false, logger: logger,
        whenReady: whenReady)
    ]
    if let socket = options.adminSocket {
      services.append(
        application(
          .unixDomainSocket(path: socket.path), isSocket: true, logger: logger,
          whenReady: { _ in chmod(socket.path, 0o600) }))
    }
    var configuration = ServiceGroupConfiguration(
      services: services.map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .cancelGroup)
      },
      gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: logger)
    configuration.maximumGracefulShutdownDuration = options.limits.drainTimeout
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch let error as IOError {
      throw ServerError.cannotBind(
        address: "\(options.host):\(options.port)",
        reason: String(cString: strerror(error.errnoCode)))
    } catch is CancellationError {
      service.report("what was not answered in time was let go")
    }
    if let socket = options.adminSocket { unlink(socket.path) }
  }

  private func application(
    _ address: BindAddress, isSocket: Bool, logger: Logger,
    whenReady: @escaping @Sendable (Int) -> Void
  ) -> Application<ServerResponder> {
    let limits = service.options.limits
    let connections = service.connections
    return Application(
      responder: ServerResponder(service: service, isSocket: isSocket),
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          additionalChannelHandlers: [ConnectionGuard(limits: limits, registry: connections)],
          httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headSizeBytes, maxHeaderListSize: limits.headSizeBytes,
            maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: address, serverName: nil, backlog: 1024),
      onServerRunning: { channel in whenReady(channel.localAddress?.port ?? 0) },
      logger: logger)
  }

  /// Lets the process have as many connections as the system allows.
  private func raiseFileLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = min(limit.rlim_max, 1 << 16)
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
