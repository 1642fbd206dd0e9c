/// The text of one continuation as it grows.
public struct ContinuationText: Sendable {
  private var decoder: TokenStreamDecoder
  private var scanner: StopScanner
  /// What can be shown so far.
  public private(set) var text = ""
  /// The tokens it took.
  public private(set) var tokenCount = 0

  /// Whether a stop string was found.
  public var isStopped: Bool { scanner.isStopped }

  /// Starts with nothing.
  ///
  /// - Throws: ``GenerationError/emptyStop``.
  public init(_ tokenizer: Tokenizer, stops: [String]) throws(GenerationError) {
    decoder = TokenStreamDecoder(tokenizer, skippingSpecialTokens: true)
    scanner = try StopScanner(stops: stops)
  }

  /// Takes a token; returns what can be shown of the text now.
  public mutating func append(_ token: Int32) -> String {
    tokenCount += 1
    let piece = scanner.append(decoder.append(token))
    text += piece
    return piece
  }

  /// Ends the text; returns the rest of it.
  public mutating func finish() -> String {
    let piece = scanner.append(decoder.finish()) + scanner.finish()
    text += piece
    return piece
  }
}
