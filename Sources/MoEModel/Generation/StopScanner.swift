/// Finds the first stop string in a text that comes in pieces, and holds back what may become one.
///
/// Strings are compared byte by byte. Where two stop strings begin at different places, the earlier ends the
/// text; nothing from its first byte on is given out.
public struct StopScanner: Sendable {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  /// Whether a stop string was found.
  public private(set) var isStopped = false

  /// Makes a scanner.
  ///
  /// - Throws: ``GenerationError/emptyStop``.
  public init(stops: [String]) throws(GenerationError) {
    self.stops = stops.map { Array($0.utf8) }
    guard self.stops.allSatisfy({ !$0.isEmpty }) else { throw .emptyStop }
  }

  /// Takes the next piece.
  ///
  /// - Returns: What can be given out now.
  public mutating func append(_ piece: String) -> String {
    guard !isStopped else { return "" }
    held += Array(piece.utf8)
    if let start = firstStop() {
      isStopped = true
      return take(start)
    }
    return take(held.count - undecided)
  }

  /// Ends the text.
  ///
  /// - Returns: What was held back.
  public mutating func finish() -> String {
    isStopped ? "" : take(held.count)
  }

  private mutating func take(_ count: Int) -> String {
    let text = String(decoding: held[..<count], as: UTF8.self)
    held.removeFirst(count)
    return text
  }

  private func firstStop() -> Int? {
    held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
  }

  /// The bytes at the end that are the beginning of a stop string, or part of a character that is.
  private var undecided: Int {
    let longest = min((stops.map(\.count).max() ?? 1) - 1, held.count)
    for count in stride(from: longest, to: 0, by: -1) {
      let tail = held[(held.count - count)...]
      if stops.contains(where: { $0.count > count && $0.starts(with: tail) }) { return count }
    }
    return 0
  }
}
