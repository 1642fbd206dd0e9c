public import Foundation
import MoEBase

/// The anchor texts: ordinary texts of many topics and registers, lines of `{"text", "topic"}`.
public enum AnchorFile {
  /// Reads the texts in their order.
  ///
  /// - Throws: ``SourceError`` naming the first line that is wrong.
  public static func texts(of file: URL) throws -> [String] {
    let bytes = try SourceFile.bytes(file, name: file.path, neededBy: "`--anchors`", limit: 1 << 26)
    return try TextLines.read(bytes, name: file.lastPathComponent) {
      reader throws(JSONSchemaError) in
      let text = try reader.string("text")
      _ = try reader.string("topic")
      try reader.finish()
      return text
    }
  }
}
