public import MoEBase

extension SuiteReport {
  /// The gate version `flat` beside the isolated mode, which answers: told, never judged.
  public struct Flat: Sendable, Equatable {
    /// What the two modes make of one pack's own texts.
    public struct Drift: Sendable, Equatable {
      /// `namespace/name`.
      public let pack: String
      /// How many texts were scored.
      public let texts: Int
      /// Nats per byte where the pack's experts stand beside the backbone's, and nobody else's are there.
      public let isolated: Double
      /// Nats per byte where the experts of all packs stand among the backbone's, in one softmax.
      public let flat: Double

      /// What one softmax costs, in nats per byte; below zero where it gains.
      public var drift: Double { flat - isolated }
    }

    /// A drift for each pack with experts.
    public let drifts: [Drift]
    /// Why these packs cannot stand in one softmax; `nil` where they can.
    public let refusal: String?

    /// The drifts, or the refusal, as JSON.
    public var json: JSONValue {
      var members = [JSONMember("gateVersion", .string("flat"))]
      if let refusal { members.append(JSONMember("refused", .string(refusal))) }
      members.append(
        JSONMember(
          "packs",
          .array(
            drifts.map {
              [
                "pack": .string($0.pack), "texts": .integer($0.texts),
                "natsPerByte": .number($0.isolated), "flatNatsPerByte": .number($0.flat),
                "drift": .number($0.drift),
              ]
            })))
      return .object(members)
    }

    /// The drifts, or the refusal, a sentence each.
    public var sentences: [String] {
      if let refusal { return ["flat mode: " + refusal] }
      return drifts.map {
        "flat mode, \($0.pack): \($0.isolated.fixed(3)) nats per byte become \($0.flat.fixed(3)) on "
          + "\($0.texts) of its texts"
      }
    }
  }
}
