extension DecoderArchitecture {
  /// How large the model is, and how much of it a token uses.
  public struct Size: Sendable, Equatable {
    /// Every weight.
    public var totalParameters: Int
    /// The weights one token uses: all but those of the experts it does not go to.
    public var activeParameters: Int
    /// Floating-point operations of one token, a multiply-add counted as two, without attention's scores.
    public var flopsPerToken: Int
  }

  /// How large the model is, computed from its shape.
  ///
  /// Multiply-adds count the matrices a token is multiplied with; looking up its embedding costs none. Attention
  /// over t tokens adds `4 · t · H · headWidth` operations a layer.
  public var size: Size {
    var total = 0
    var active = 0
    var multiplied = 0
    func add(_ count: Int, isMultiplied: Bool = true, activePart: Int? = nil) {
      total += count
      active += activePart ?? count
      if isMultiplied { multiplied += activePart ?? count }
    }
    add(vocabularySize * width, isMultiplied: tiesEmbeddings)
    if !tiesEmbeddings { add(vocabularySize * width) }
    add(width, isMultiplied: false)
    for layer in 0..<layerCount {
      add(attention.inputWidth * width)
      add(attention.queryWidth * width)
      add(2 * width, isMultiplied: false)
      if attention.hasInputBias { add(attention.inputWidth, isMultiplied: false) }
      if attention.hasOutputBias { add(width, isMultiplied: false) }
      switch attention.queryKeyNorm {
      case .none: break
      case .wholeRow: add(attention.queryWidth + attention.keyWidth, isMultiplied: false)
      case .eachHead: add(2 * attention.headWidth, isMultiplied: false)
      }
      switch feedForwards[layer] {
      case .dense(let inner, let hasBias):
        add(3 * inner * width)
        if hasBias { add(2 * inner + width, isMultiplied: false) }
      case .sparse(let gate):
        let expert = 3 * gate.expertWidth * width
        add(gate.expertCount * width)
        add(gate.expertCount * expert, activePart: gate.topK * expert)
        if let shared = gate.sharedExpertWidth { add(3 * shared * width + width) }
      }
    }
    return Size(totalParameters: total, activeParameters: active, flopsPerToken: 2 * multiplied)
  }
}
