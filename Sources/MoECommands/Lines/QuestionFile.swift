import MoERuntime

/// The operator's own texts, read whole: lines as `predict` takes them.
struct QuestionFile {
  /// The texts, in order.
  let questions: [Question]

  /// Reads every line.
  ///
  /// - Throws: ``InputError``, the first line that is no request.
  init(_ path: Path, session: CommandSession) throws {
    let input = try InputFile(path.text, standardInput: session.context.input)
    defer { input.close() }
    var reader = LineReader(descriptor: input.descriptor, source: input.name)
    var questions: [Question] = []
    while true {
      let lines = try reader.lines(
        count: RequestStream.batchCount, sizeBytes: RequestStream.batchSizeBytes)
      if lines.isEmpty { break }
      for line in lines {
        do throws(Request.Fault) {
          let request = try Request(line.bytes, allowsBlankText: false)
          questions.append(
            Question(
              text: request.text, origin: .request(id: request.id, line: line.number),
              expectation: request.expectation))
        } catch {
          throw InputError.badLine(
            source: input.name, line: line.number, expected: error.expected, got: error.got,
            lineCount: 0)
        }
      }
    }
    self.questions = questions
  }
}
