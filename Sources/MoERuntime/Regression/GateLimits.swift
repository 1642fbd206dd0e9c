public import MoEBase

/// What the regression suite lets pass; an operator may set each of them, for a store or for one change.
public struct GateLimits: Sendable, Equatable {
  /// The probability, by McNemar's exact one-sided test, under which a fall of a pack's results is no chance.
  public var fallProbability = 0.01
  /// The largest share of an eval set whose right answers may turn wrong.
  public var negativeFlips = 0.01
  /// The largest share of the neutral probes that a pack may take.
  public var probeCapture = 0.02
  /// The largest share of another pack's eval set whose right answers a new pack may displace, less those it
  /// newly makes right.
  public var displacement = 0.01
  /// The least share of its own texts that a new pack must be selected for.
  public var ownShare = 0.8
  /// The largest share of a pack's own texts on which another one may fire too, where neither declares it.
  public var undeclaredOverlap = 0.5
  /// The largest share of an eval set that may stand in it twice, or in another pack's.
  public var repeatedEvalTexts = 0.05
  /// The loudest a new pack's experts may be, as a multiple of the hidden state that they add to.
  public var expertGrowth = 100.0
  /// The most floating-point operations that a new pack may add to a text of the greatest length; no limit
  /// where it is infinite.
  public var flopsPerText = Double.infinity

  /// The limits that a store comes with.
  public init() {}

  /// A limit that can be set: its key in files and options, and the values it may have.
  private typealias Entry = (
    key: String, limit: WritableKeyPath<GateLimits, Double>, range: ClosedRange<Double>
  )

  private static var entries: [Entry] {
    [
      ("fallProbability", \.fallProbability, 0...1), ("negativeFlips", \.negativeFlips, 0...1),
      ("probeCapture", \.probeCapture, 0...1), ("displacement", \.displacement, 0...1),
      ("ownShare", \.ownShare, 0...1), ("undeclaredOverlap", \.undeclaredOverlap, 0...1),
      ("repeatedEvalTexts", \.repeatedEvalTexts, 0...1),
      ("expertGrowth", \.expertGrowth, 0...1e12), ("flopsPerText", \.flopsPerText, 0...1e18),
    ]
  }

  /// The keys, in the order of the SPEC.
  public static var keys: [String] { entries.map(\.key) }

  /// The limits with those that an object names set anew; every key is optional.
  ///
  /// - Throws: `JSONSchemaError` for a key that is not known or a value out of its range.
  public func setting(from reader: JSONReader) throws(JSONSchemaError) -> GateLimits {
    var reader = reader
    var limits = self
    for entry in Self.entries where reader.optional(entry.key) != nil {
      limits[keyPath: entry.limit] = try reader.number(entry.key, in: entry.range)
    }
    try reader.finish()
    return limits
  }

  /// Sets one limit from `KEY=VALUE`.
  ///
  /// - Returns: What was expected in its place, where that sets none; `nil` when it did.
  public mutating func set(_ text: String) -> String? {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2,
      let entry = Self.entries.first(where: { $0.key.utf8.elementsEqual(parts[0].utf8) })
    else { return "KEY=VALUE with one of the keys \(Self.keys.joined(separator: ", "))" }
    guard let value = Double(parts[1]), entry.range.contains(value) else {
      return "a number from \(entry.range.lowerBound) to \(entry.range.upperBound) for \(entry.key)"
    }
    self[keyPath: entry.limit] = value
    return nil
  }

  /// The limits as they are kept with a generation; `null` where there is none.
  public var json: JSONValue {
    .object(
      Self.entries.map { entry in
        let value = self[keyPath: entry.limit]
        return JSONMember(entry.key, value.isFinite ? .number(value) : .null)
      })
  }

  /// How many of `count` a share of them is, rounded up: of a set that is too small for the share to be a
  /// whole text, one.
  static func most(_ share: Double, of count: Int) -> Int {
    // A product within 1e-9 of a whole number is that number.
    Int((share * Double(count) - 1e-9).rounded(.up))
  }
}
