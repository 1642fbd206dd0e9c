import MoEBase

/// Lines of JSON objects that hold a text each.
enum TextLines {
  /// Reads the text of each line, in their order.
  ///
  /// - Parameters:
  ///   - bytes: The file; a line feed at its end makes no line.
  ///   - name: Its name, for errors.
  ///   - read: Takes the text out of a line's object.
  /// - Returns: The texts.
  /// - Throws: ``SourceError/badLine(file:line:expected:got:)`` naming the first line that is wrong.
  static func read(
    _ bytes: [UInt8], name: String, _ read: (inout JSONReader) throws(JSONSchemaError) -> String
  ) throws(SourceError) -> [String] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    var texts: [String] = []
    for (index, line) in lines.enumerated() {
      func bad(_ expected: String, _ got: String) -> SourceError {
        .badLine(file: name, line: index + 1, expected: expected, got: got)
      }
      do {
        var reader = try JSONReader(try JSONValue(parsing: Array(line)))
        texts.append(try read(&reader))
      } catch let error as JSONSyntaxError {
        throw bad("one JSON object", error.reason)
      } catch let error as JSONSchemaError {
        throw bad("`\(error.path)`: \(error.expected)", error.got)
      } catch {
        throw bad("one JSON object", "\(error)")
      }
    }
    return texts
  }
}
