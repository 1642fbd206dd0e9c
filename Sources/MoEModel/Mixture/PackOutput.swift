public import MoETensor

/// What one pack makes of one text, whatever the dispatcher says.
public struct PackOutput: Sendable, Equatable {
  /// The label probabilities, head by head in the order of the pack's tasks.
  public let probabilities: [[Float]]

  /// Makes an output.
  public init(probabilities: [[Float]]) {
    self.probabilities = probabilities
  }
}

extension Backbone {
  /// Runs one pack over texts, on one trunk pass.
  ///
  /// - Parameters:
  ///   - pack: The pack.
  ///   - encodings: The tokenized texts.
  ///   - pool: The threads that share the work; the bits do not depend on them.
  ///   - progress: Told how many texts are done, from any thread.
  /// - Returns: The features of the texts, `[count, G]`, with no pack; and a text each what the pack gives.
  /// - Throws: ``MixtureError/numericalError(pack:task:)``, or whatever reading the mapped weights throws.
  public func run(
    _ pack: PackModel, on encodings: [Encoding], pool: ThreadPool,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> (features: [Float], outputs: [PackOutput]) {
    guard case .encoder(let encoder) = transformer else {
      // What a language model's pack says is no label; the dispatcher's features are all there is.
      let features = try features(encodings, pool: pool, progress: progress)
      return (features, encodings.map { _ in PackOutput(probabilities: []) })
    }
    let results = try pool.mapShards(encodings) { range, workspace in
      let trunk = try Trunk(
        encodings[range].map(\.ids), encoder: encoder, packs: [pack], workspace: workspace)
      let pass = ExpertPass(pack: pack, sequences: Array(0..<range.count))
      let probabilities = try trunk.probabilities(by: [pass], workspace: workspace)[0]
      let outputs = pass.sequences.map { text in
        PackOutput(
          probabilities: zip(pack.heads, probabilities).map { Array($1[$0.range(of: text)]) })
      }
      progress?(range.count)
      return (features: trunk.features, outputs: outputs)
    }
    return (results.flatMap(\.features), results.flatMap(\.outputs))
  }
}

extension MixtureModel {
  /// One pack that was selected for a text, and what it gave.
  public struct Contribution {
    /// The pack.
    public let pack: PackModel
    /// Its weight in the answer.
    public let weight: Double
    /// What it gave.
    public let output: PackOutput

    /// Makes a contribution.
    public init(pack: PackModel, weight: Double, output: PackOutput) {
      self.pack = pack
      self.weight = weight
      self.output = output
    }
  }

  /// What an answer tells before everything else.
  ///
  /// - Parameters:
  ///   - contributions: Of the selected packs, in the order of their digests.
  ///   - pack: The one with the greatest margin.
  /// - Returns: ``Answer/lead`` of the answer that is made of them.
  public static func lead(_ contributions: [Contribution], of pack: PackIdentity) -> Answer.Lead {
    var first: Answer.Prediction?
    var tags: [Answer.Prediction] = []
    for part in contributions {
      for (head, probabilities) in zip(part.pack.heads, part.output.probabilities) {
        let given = head.predictions(
          probabilities, pack: part.pack.identity, weight: part.weight
        ).filter(\.isGiven)
        for prediction in given where first.map(prediction.precedes) ?? true { first = prediction }
        if head.thresholds != nil, part.pack.identity == pack { tags += given }
      }
    }
    return Answer.Lead(pack: pack, first: first, tags: ranked(tags))
  }
}
