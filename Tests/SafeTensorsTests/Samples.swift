import Foundation
import SafeTensors

/// A file with this header and this many zero bytes of data.
func file(_ header: String, data: Int = 0) -> [UInt8] { file(Array(header.utf8), data: data) }

func file(_ header: [UInt8], data: Int = 0) -> [UInt8] {
  var bytes: [UInt8] = []
  withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
  return bytes + header + [UInt8](repeating: 0, count: data)
}

/// Why the bytes are refused; `nil` when they are accepted.
func refusal(
  _ bytes: [UInt8], limits: SafeTensorsLimits = SafeTensorsLimits()
) -> SafeTensorsError.Reason? {
  do throws(SafeTensorsError) {
    _ = try SafeTensorsFile(bytes: bytes, name: "x.safetensors", limits: limits)
    return nil
  } catch {
    return error.reason
  }
}

/// A directory of its own for one test, removed when `body` returns.
func withDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("safetensors-\(UUID().uuidString)", isDirectory: true)
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url)
}
