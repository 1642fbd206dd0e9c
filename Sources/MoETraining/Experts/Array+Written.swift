extension [Float] {
  /// Makes an array of floats that `write` writes, each of them; nothing is cleared before.
  init(count: Int, writtenBy write: (UnsafeMutablePointer<Float>) -> Void) {
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { write(base) }
      initialized = count
    }
  }
}
