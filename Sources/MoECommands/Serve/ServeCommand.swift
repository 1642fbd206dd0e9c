public import ArgumentParser
import Dispatch
import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEServer
import MoEStore
import Synchronization

/// `moe-pack serve`.
public struct ServeCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Answer over HTTP, while packs are installed and removed.",
    discussion: """
      Open the address it prints in a browser for a console, or send requests: `POST /v1/predict` \
      {"text": "…"} answers as `moe-pack predict` does; `/v1/embeddings`, `/v1/models`, `/v1/completions` and \
      `/v1/chat/completions` are in OpenAI's shape; `/openapi.json` describes every address.

      The server follows the store: what `moe-pack install`, `remove` or `rollback` make answers within a second, \
      without a restart, and every response names its generation. A generation that cannot be loaded leaves the \
      one before in service, and `/readyz` says so.

      Without --keys, whoever is on this machine may ask every pack, and nobody is an administrator. With --keys \
      (see `moe-pack access add`), every request needs a key, and a key's rules decide which packs exist for it. \
      An address that other machines can reach needs --keys. SIGTERM ends it, once what it was asked is answered.

      The audit log, corrections and usage counts are kept in the state directory; no text of a request is, but \
      what `/v1/feedback` is sent.

      Examples:
        moe-pack serve
        moe-pack serve --port 9000 --keys keys.json --receipt-key server.key
        curl -d '{"text": "Who ranks first, crew or mortgagee?"}' -H 'Content-Type: application/json' \
      http://127.0.0.1:8080/v1/predict
      """)

  @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: ArgumentHelp("The port to listen on, or 0 for any free one.", valueName: "n"))
  var port = 8080

  @Option(help: ArgumentHelp("The keys that clients need.", valueName: "file"))
  var keys: Path?

  @Option(
    help: ArgumentHelp(
      "A Unix socket through which this user is an administrator, without a key.",
      valueName: "path"))
  var adminSocket: Path?

  @Option(
    help: ArgumentHelp(
      "Another name that clients may call the server by; may be given several times.",
      valueName: "name"))
  var allowHost: [String] = []

  @Option(
    help: ArgumentHelp("The private key that signs receipts of usage.", valueName: "key"))
  var receiptKey: Path?

  @Option(
    help: ArgumentHelp(
      "Where the audit log, corrections and usage counts are kept.",
      discussion: "Without it: $XDG_STATE_HOME/moe-pack/serve.", valueName: "dir"))
  var state: Path?

  @Option(
    help: ArgumentHelp("The model to serve while the store has no packs.", valueName: "name"))
  var backbone: String?

  @Option(
    help: ArgumentHelp(
      "How long a lone request waits for others to share a batch.", valueName: "milliseconds"))
  var batchWait = 1.0

  @Option(
    help: ArgumentHelp(
      "The most requests that wait; one more is told to try again later.", valueName: "n"))
  var queue = 512

  @Option(
    help: ArgumentHelp(
      "How long a request may wait before it is told to try again later.", valueName: "seconds"))
  var timeout = 60.0

  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// Makes the command.
  public init() {}

  /// Refuses numbers that mean nothing.
  public func validate() throws {
    guard (0...65_535).contains(port) else {
      throw ValidationError("--port takes a number from 0 to 65535.")
    }
    guard (0...1000).contains(batchWait) else {
      throw ValidationError("--batch-wait takes a number of milliseconds from 0 to 1000.")
    }
    guard (1...100_000).contains(queue) else {
      throw ValidationError("--queue takes a number from 1 to 100000.")
    }
    guard (0.1...3600).contains(timeout) else {
      throw ValidationError("--timeout takes a number of seconds from 0.1 to 3600.")
    }
  }

  /// Serves until it is told to end.
  public func run(_ session: CommandSession) throws {
    let named = try backbone.map { try session.backbones.entry($0).known }
    let source = CompositionSource(
      openStore: { try session.storeForReading() },
      ground: { packs, precision in
        try session.ground(
          for: packs, arriving: named.map { Manifest.Backbone(name: $0.name, digest: $0.digest) },
          precision: precision)
      })
    let server = try ModelServer(
      try options(session), source: source, report: { session.console.note($0) })
    let (host, console) = (host.contains(":") ? "[\(host)]" : host, session.console)
    try waiting {
      try await server.run { port in
        // The one line of data: where it is.
        try? console.print("http://\(host):\(port)/")
        try? console.flush()
      }
    }
  }

  private func options(_ session: CommandSession) throws -> ServerOptions {
    var options = ServerOptions(
      stateDirectory: state?.directory ?? session.settings.stateDirectory,
      version: MoEPack.version, pool: try session.pool(),
      rollback: { generation, actor, isProven in
        try session.restore(generation, actor: actor, isProven: isProven)
      })
    options.host = host
    options.port = port
    options.adminSocket = adminSocket?.url
    options.keys = keys?.url
    options.hosts = allowHost
    options.receiptKey = try receiptKey.map { try SigningKey(file: $0.url) }
    options.limits.batchWait = .microseconds(Int64((batchWait * 1000).rounded()))
    options.limits.queueRequests = queue
    options.limits.requestTimeout = .milliseconds(Int64((timeout * 1000).rounded()))
    return options
  }

  /// Runs what is asynchronous to its end.
  private func waiting(_ body: @escaping @Sendable () async throws -> Void) throws {
    let outcome = Outcome()
    Task {
      do { try await body() } catch { outcome.error.withLock { $0 = error } }
      outcome.end.signal()
    }
    outcome.end.wait()
    if let error = outcome.error.withLock({ $0 }) { throw error }
  }

  private final class Outcome: Sendable {
    let end = DispatchSemaphore(value: 0)
    let error = Mutex<(any Error)?>(nil)
  }
}

extension CommandSession {
  /// Brings an earlier generation back, for an administrator of a server; on a thread that ends with it.
  fileprivate func restore(_ generation: Int, actor: String, isProven: Bool) throws -> Generation {
    let change = Installer.Change(
      actor: actor, time: context.timestamp, reason: "over HTTP",
      checking: isProven ? .suite : .none, limits: try settings.gateLimits())
    let pool = try changePool(change.checking)
    let store = try store()
    let before = try store.active()
    return try installer(for: store, before.packs, pool: pool)
      .restore(generation: generation, change).generation
  }
}
