public import Foundation
import MoEBase

/// The anchor texts: ordinary texts of many topics and registers, lines of `{"text", "topic"}`.
public enum AnchorFile {
  /// Reads the texts in their order.
  ///
  /// - Throws: ``SourceError`` naming the first line that is wrong.
  public static func texts(of file: URL) throws -> [String] {
    let name = file.lastPathComponent
    let bytes = try SourceFile.bytes(file, name: file.path, neededBy: "`--anchors`", limit: 1 << 26)
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return try lines.enumerated().map { index, line in
      do {
        var reader = try JSONReader(try JSONValue(parsing: Array(line)))
        let text = try reader.string("text")
        _ = try reader.string("topic")
        try reader.finish()
        return text
      } catch let error as JSONSyntaxError {
        throw SourceError.badLine(
          file: name, line: index + 1, expected: "one JSON object", got: error.reason)
      } catch let error as JSONSchemaError {
        throw SourceError.badLine(
          file: name, line: index + 1, expected: "`\(error.path)`: \(error.expected)",
          got: error.got)
      }
    }
  }
}
