import MoEBase
import MoEEval
import MoERuntime

/// One line of input: `{"id": "…", "text": "…"}`.
struct Request: Sendable, Equatable {
  /// What the caller named it: a string, a whole number, or nothing.
  let id: JSONValue?
  /// The text.
  let text: String
  /// The right answer, where the line is of a labelled data set: its `label` or `labels`, or `"expect": "none"`.
  let expectation: Expectation?

  /// What a line may not be.
  struct Fault: Error, Equatable {
    let expected: String
    let got: String
  }

  /// Reads a line, strictly, and passes over every key that is none of these: a line of a labelled data set is
  /// a request too.
  ///
  /// - Parameters:
  ///   - bytes: The line without its line feed.
  ///   - allowsBlankText: Whether a text of white space, or of nothing, is a request.
  /// - Throws: ``Fault`` in the words of an error sentence.
  init(_ bytes: [UInt8], allowsBlankText: Bool) throws(Fault) {
    guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else {
      throw Fault(expected: "a JSON object", got: "an empty line")
    }
    if let offset = bytes.firstInvalidUTF8 {
      throw Fault(expected: "UTF-8", got: "a byte that is not, at byte \(offset)")
    }
    do {
      var reader = try JSONReader(try JSONValue(parsing: bytes))
      let id = reader.optional("id")
      switch id {
      case nil, .string, .integer: self.id = id
      case let other?:
        throw JSONSchemaError(path: "id", expected: "a string or a whole number", got: other.kind)
      }
      text = try reader.string("text")
      expectation =
        switch (reader.optional("label"), reader.optional("labels"), reader.optional("expect")) {
        case (.string(let label)?, _, _): .label(label)
        case (_, .array(let labels)?, _): Self.labels(labels)
        case (_, _, "none"?): Expectation.none
        default: nil
        }
    } catch let error as JSONSyntaxError {
      throw Fault(expected: "one JSON object", got: "\(error.reason) (byte \(error.offset))")
    } catch let error as JSONSchemaError {
      let isDocument = error.path == "the document"
      throw Fault(
        expected: isDocument ? "one JSON object" : "`\(error.path.shown())`: \(error.expected)",
        got: error.got)
    } catch {
      throw Fault(expected: "one JSON object", got: "\(error)")
    }
    guard allowsBlankText || !text.isBlank else {
      throw Fault(
        expected: "a `text` with at least one character that is not white space",
        got: text.isEmpty ? "an empty text" : "white space")
    }
  }
}

extension Request {
  /// The labels of a line; `nil` where they are no list of strings.
  private static func labels(_ values: [JSONValue]) -> Expectation? {
    let labels = values.compactMap { value in
      if case .string(let label) = value { label } else { nil as String? }
    }
    return labels.count == values.count ? .labels(labels) : nil
  }
}

extension Collection<UInt8> {
  /// The offset of the first byte at which the bytes stop being UTF-8; `nil` where they are.
  var firstInvalidUTF8: Int? {
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = makeIterator()
    var offset = 0
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let scalar): offset += scalar.count
      case .emptyInput: return nil
      case .error: return offset
      }
    }
  }
}
