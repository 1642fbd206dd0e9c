/// What is done to a text, or to a stretch between added tokens, before it is split.
struct TextNormalizer: Sendable, Equatable {
  /// One step.
  enum Step: Sendable, Equatable {
    /// Normalization form C.
    case compose
    /// Puts bytes before a text that is not empty.
    case prepend([UInt8])
    /// Replaces each occurrence of bytes, which are not empty, leftmost first.
    case replace([UInt8], with: [UInt8])
  }

  /// The steps, in order.
  var steps: [Step] = []

  /// Gives `body` the normalised text.
  func withNormalized<Result>(
    _ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    normalize(text, from: 0, body)
  }

  private func normalize<Result>(
    _ text: UnsafeBufferPointer<UInt8>, from step: Int,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    guard step < steps.count else { return body(text) }
    guard let changed = apply(steps[step], text) else {
      return normalize(text, from: step + 1, body)
    }
    return changed.withUnsafeBufferPointer { normalize($0, from: step + 1, body) }
  }

  /// The text after one step, or `nil` when it stays as it is.
  private func apply(_ step: Step, _ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    switch step {
    case .compose: CanonicalComposition.shared.composed(text)
    case .prepend(let prefix): text.isEmpty ? nil : prefix + text
    case .replace(let pattern, let content): text.replacing(pattern, with: content)
    }
  }
}

extension UnsafeBufferPointer where Element == UInt8 {
  /// The bytes with each occurrence of a pattern replaced, leftmost first; `nil` when there is none.
  func replacing(_ pattern: [UInt8], with content: [UInt8]) -> [UInt8]? {
    guard let first = pattern.first else { return nil }
    var output: [UInt8]?
    var copied = 0
    var position = 0
    while position < count {
      guard self[position] == first, holds(pattern, at: position) else {
        position += 1
        continue
      }
      var bytes = output ?? []
      if output == nil { bytes.reserveCapacity(count + count / 2) }
      output = nil
      bytes.append(contentsOf: self[copied..<position])
      bytes.append(contentsOf: content)
      output = bytes
      position += pattern.count
      copied = position
    }
    output?.append(contentsOf: self[copied..<count])
    return output
  }
}
