import Foundation
import Glibc
public import MoEBase
import Synchronization

/// One connection to a server on this machine, byte by byte.
public final class RawClient: Sendable {
  /// What came back.
  public struct Reply: Sendable {
    /// The status.
    public let status: Int
    /// The header fields, their names in lower case.
    public let fields: [String: String]
    /// The body.
    public let body: [UInt8]

    /// The body as JSON.
    public var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
    /// The word of an error.
    public var code: String? {
      if case .string(let code)? = json["error"]?["code"] { code } else { nil }
    }
  }

  /// What went wrong with the connection.
  public struct Failure: Error {
    /// In words.
    public let reason: String

    /// Makes a failure.
    public init(reason: String) { self.reason = reason }
  }

  private let descriptor: Int32
  /// Whether the descriptor is somebody else's by now: closing it once more would close that.
  private let isClosed = Atomic<Bool>(false)

  /// Connects.
  ///
  /// - Throws: ``Failure``.
  public init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var limit = timeval(tv_sec: 40, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failure(reason: "connect: \(errno)") }
  }

  deinit { end() }

  /// Sends bytes as they are.
  public func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Says that no more comes.
  public func closeSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the connection with a reset.
  public func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    end()
  }

  private func end() {
    if !isClosed.exchange(true, ordering: .relaxed) { close(descriptor) }
  }

  /// Reads one response.
  public func reply(hasBody: Bool = true) throws -> Reply {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let separator = Array("\r\n\r\n".utf8)
    while true {
      if let end = bytes.firstRange(of: separator) {
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let length = hasBody ? Int(fields["content-length"] ?? "0") ?? 0 : 0
        let body = bytes[end.upperBound...]
        if status == 100 {
          bytes = Array(body)
          continue
        }
        if hasBody, fields["transfer-encoding"] == "chunked" {
          if let whole = Self.joined(body) {
            return Reply(status: status, fields: fields, body: whole)
          }
        } else if body.count >= length {
          return Reply(status: status, fields: fields, body: Array(body.prefix(length)))
        }
      }
      let count = read(descriptor, &chunk, chunk.count)
      guard count > 0 else {
        throw Failure(reason: "ended after \(bytes.count) bytes, errno \(count < 0 ? errno : 0)")
      }
      bytes += chunk[..<count]
    }
  }

  /// The chunks of a body put together; `nil` while the last one is not there.
  private static func joined(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = bytes
    var whole: [UInt8] = []
    while let end = rest.firstRange(of: [0x0D, 0x0A]),
      let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16)
    {
      rest = rest[end.upperBound...]
      guard size > 0 else { return rest.starts(with: [0x0D, 0x0A]) ? whole : nil }
      guard rest.count >= size + 2 else { return nil }
      whole += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    return nil
  }

  /// Sends a request and reads its response.
  public func ask(
    _ method: String, _ path: String, key: String? = nil, host: String = "localhost",
    type: String? = "application/json", body: [UInt8]? = nil
  ) throws -> Reply {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n"
    if let key { head += "Authorization: Bearer \(key)\r\n" }
    if let body {
      if let type { head += "Content-Type: \(type)\r\n" }
      head += "Content-Length: \(body.count)\r\n"
    }
    send(Array((head + "\r\n").utf8) + (body ?? []))
    return try reply(hasBody: method != "HEAD")
  }
}
