import HTTPTypes
import MoEBase
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Holds one connection to its limits: a slow head, a slow body, a slow reader, one client too many; and lets it end
/// without a reset when the server drains.
///
/// It stands between the HTTP decoder and Hummingbird, which sets no deadline on any of these. Everything runs on
/// the connection's event loop.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// What of a request is being read.
  private enum Reading {
    case nothing
    /// Some bytes of a head are there, and not all.
    case head
    case body
  }

  private let limits: ServerLimits
  private let registry: ConnectionRegistry
  private var reading = Reading.nothing
  /// Requests whose head was read and whose answer is not written to its end.
  private var waitingCount = 0
  /// Whether the head of an answer is written and its end is not.
  private var isAnswering = false
  /// Whether the last answer is written, and nothing follows.
  private var isClosing = false
  private var isDraining = false
  private var isOneTooMany = false
  private var sawPart = false
  private var timer: Scheduled<Void>?
  private var goneTimer: Scheduled<Void>?
  private var life: ConnectionLife?

  init(limits: ServerLimits, registry: ConnectionRegistry) {
    self.limits = limits
    self.registry = registry
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let life = ConnectionLife()
    self.life = life
    isOneTooMany = registry.add(life, of: context.channel) > limits.connectionCount
    wait(limits.headTimeout, context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    goneTimer?.cancel()
    registry.remove(context.channel)
    life?.end()
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    guard isOneTooMany else { return }
    refuse(
      APIError(
        .serviceUnavailable, "too-many-connections",
        "the server has \(limits.connectionCount) connections, which is all it takes",
        hint: "try again later", retryAfter: 5), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    life?.end()
    context.fireChannelInactive()
  }

  // MARK: - What comes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    sawPart = true
    switch unwrapInboundIn(data) {
    case .head(let head):
      reading = .body
      waitingCount += 1
      wait(limits.bodyTimeout, context)
      if head.headerFields[.expect]?.lowercased() == "100-continue" {
        context.writeAndFlush(
          wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
    case .body: break
    case .end:
      reading = .nothing
      timer?.cancel()
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if isClosing { context.read() }
    // Bytes came and no part: the beginning of a head.
    if !sawPart, reading == .nothing, !isClosing {
      reading = .head
      wait(limits.headTimeout, context)
    }
    sawPart = false
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed:
      // Of half a request, the decoder has said so by now.
      guard !isClosing else { return }
      reading = .nothing
      guard waitingCount > 0 else { return context.close(promise: nil) }
      // It may still read: it has a moment for its answer, then its work is dropped.
      let life = life
      goneTimer = context.eventLoop.scheduleTask(in: TimeAmount(limits.halfCloseTimeout)) {
        life?.end()
      }
    case is ChannelShouldQuiesceEvent:
      isDraining = true
      // The next request may be on its way: a client that is told `close` is not reset.
      if waitingCount == 0, reading == .nothing { wait(.seconds(1), context) }
      return
    default: break
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isClosing else { return }
    guard let fault = error as? HTTPParserError else { return context.fireErrorCaught(error) }
    guard fault != .invalidEOFState else {
      return refuse(
        APIError(
          .badRequest, "request-incomplete",
          "the client closed its side before the request was whole",
          hint: "send the whole request before you close"), context)
    }
    let isTooLong = fault == .headerOverflow
    refuse(
      APIError(
        isTooLong ? .requestHeaderFieldsTooLarge : .badRequest,
        isTooLong ? "head-too-large" : "http-syntax",
        isTooLong
          ? "the request's head has more than \(limits.headSizeBytes) bytes"
          : "the request is not HTTP/1.1: \(fault)",
        hint: "nothing was done; send another request on a new connection"), context)
  }

  // MARK: - What goes out

  func write(
    context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
  ) {
    guard !isClosing else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    // An answer to a request that is not whole: what is left of that is not read, and nothing follows.
    let isEarly = reading == .body && waitingCount == 1
    switch unwrapOutboundIn(data) {
    case .head(var head):
      isAnswering = true
      if isDraining || isEarly { head.headerFields[.connection] = "close" }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      isAnswering = false
      waitingCount -= 1
      goneTimer?.cancel()
      guard !isEarly, !isDraining else {
        context.writeAndFlush(data, promise: promise)
        return linger(context)
      }
      if waitingCount == 0, reading == .nothing { wait(limits.idleTimeout, context) }
      context.write(data, promise: promise)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if waitingCount > 0, reading == .nothing {
      if context.channel.isWritable { timer?.cancel() } else { wait(limits.idleTimeout, context) }
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: - Ending

  private func wait(_ duration: Duration, _ context: ChannelHandlerContext) {
    timer?.cancel()
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: TimeAmount(duration)) {
      let (guardian, context) = loopBound.value
      guardian.expire(context)
    }
  }

  private func expire(_ context: ChannelHandlerContext) {
    guard reading != .nothing, !isClosing else {
      life?.end()
      return context.close(promise: nil)
    }
    refuse(
      APIError(
        .requestTimeout, "request-timeout",
        "the request was not whole in time, expected its head within "
          + "\(limits.headTimeout.components.seconds) s and its body within "
          + "\(limits.bodyTimeout.components.seconds) s",
        hint: "nothing was done; send it faster, or in smaller pieces"), context)
  }

  /// Answers in the place of everybody else, and ends the connection.
  private func refuse(_ error: APIError, _ context: ChannelHandlerContext) {
    life?.end()
    // Between the pieces of another answer there is no place for this one.
    guard !isAnswering, waitingCount <= (reading == .body ? 1 : 0) else {
      isClosing = true
      return context.close(promise: nil)
    }
    let body = ByteBuffer(bytes: error.json.bytes)
    var fields = error.fields(length: body.readableBytes)
    fields[.connection] = "close"
    for part in [
      HTTPResponsePart.head(HTTPResponse(status: error.status, headerFields: fields)),
      .body(body), .end(nil),
    ] { context.write(wrapOutboundOut(part), promise: nil) }
    context.flush()
    linger(context)
  }

  /// Says that no more comes, and gives the client a moment to read: closing at once over unread bytes is a reset.
  private func linger(_ context: ChannelHandlerContext) {
    isClosing = true
    context.close(mode: .output, promise: nil)
    context.read()
    wait(.seconds(1), context)
  }
}
