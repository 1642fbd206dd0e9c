import ArgumentParser
import Foundation
import MoEBase
import MoEModel

/// Where requests come from and answers go to.
struct StreamOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file to read, or - for standard input.", valueName: "file"))
  var input = Path.standard

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write, or - for standard output.",
      discussion: "It is written beside its name, and takes the name when all is answered.",
      valueName: "file"))
  var output = Path.standard
}

/// Answers a stream of requests in batches, in order, in memory that does not grow with it.
struct RequestStream {
  /// The most requests of a batch; more would not make it faster.
  static let batchCount = 256
  /// The bytes of lines after which a batch is full.
  static let batchSizeBytes = 4 << 20

  private let input: Path
  private let output: Path
  private let session: CommandSession
  private let allowsBlankText: Bool
  private let batchCount: Int

  /// Prepares a stream; nothing is opened yet.
  init(_ options: StreamOptions, session: CommandSession, allowsBlankText: Bool) {
    self.init(
      input: options.input, output: options.output, session: session,
      allowsBlankText: allowsBlankText, batchCount: Self.batchCount)
  }

  /// Prepares a stream; nothing is opened yet.
  init(
    input: Path, output: Path, session: CommandSession, allowsBlankText: Bool, batchCount: Int
  ) {
    self.input = input
    self.output = output
    self.session = session
    self.allowsBlankText = allowsBlankText
    self.batchCount = batchCount
  }

  /// Reads everything, answers it and writes it.
  ///
  /// The answers before a line that is refused are written; then the error is thrown.
  ///
  /// - Parameter answer: One line of JSON for each request of a batch.
  /// - Throws: ``InputError``, ``ConsoleError``, or what `answer` throws.
  func run(_ answer: ([Request]) throws -> [JSONValue]) throws {
    let input = try InputFile(self.input.text, standardInput: session.context.input)
    defer { input.close() }
    if input.isTerminal {
      session.console.note(
        "reading requests from the terminal, one JSON object a line; Ctrl-D ends")
    }
    let output = try OutputFile(self.output.text, console: session.console)
    do {
      try copy(from: input, to: output, answer)
    } catch {
      output.abandon()
      throw error
    }
    try output.commit()
  }

  private func copy(
    from input: InputFile, to output: OutputFile, _ answer: ([Request]) throws -> [JSONValue]
  ) throws {
    var reader = LineReader(descriptor: input.descriptor, source: input.name)
    while true {
      let lines = try reader.lines(count: batchCount, sizeBytes: Self.batchSizeBytes)
      guard let first = lines.first else { return }
      var requests: [Request] = []
      var failure: InputError?
      for line in lines {
        do throws(Request.Fault) {
          requests.append(try Request(line.bytes, allowsBlankText: allowsBlankText))
        } catch {
          failure = .badLine(
            source: input.name, line: line.number, expected: error.expected, got: error.got,
            lineCount: line.number - 1)
          break
        }
      }
      try write(requests, to: output, firstLine: first.number, source: input.name, answer)
      if let failure { throw failure }
    }
  }

  private func write(
    _ requests: [Request], to output: OutputFile, firstLine: Int, source: String,
    _ answer: ([Request]) throws -> [JSONValue]
  ) throws {
    guard !requests.isEmpty else { return }
    do {
      try output.write(try answer(requests))
    } catch let error as any ActionableError where !(error is ConsoleError) {
      guard requests.count > 1 else {
        throw InputError.unanswered(
          source: source, line: firstLine, reason: error.message, exitCode: error.exitCode,
          lineCount: firstLine - 1)
      }
      // One of them cannot be answered: those before it can, and the sentence names its line.
      for (index, request) in requests.enumerated() {
        try write(
          [request], to: output, firstLine: firstLine + index, source: source, answer)
      }
    }
  }
}
