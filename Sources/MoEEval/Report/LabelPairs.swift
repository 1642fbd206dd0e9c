/// How often two labels stand on one text, where a text may have several.
public struct LabelPairs: Sendable, Equatable {
  /// The labels; an index here is an index into each side of the counts.
  public let labels: [String]
  /// Texts that expect both labels; of one label with itself, texts that expect it.
  public private(set) var expected: [[Int]]
  /// Texts for which both were given; of one label with itself, texts for which it was.
  public private(set) var given: [[Int]]

  /// Counts the pairs of an eval set; without labels where a text has one.
  public init(_ result: EvalResult) {
    labels = result.tags.labels
    let zero = Array(repeating: Array(repeating: 0, count: labels.count), count: labels.count)
    (expected, given) = (zero, zero)
    for case .tagged(_, let score) in result.scores {
      for row in score.expected { for column in score.expected { expected[row][column] += 1 } }
      for row in score.given { for column in score.given { given[row][column] += 1 } }
    }
  }
}

extension EvalResult {
  /// Which labels stand together on texts, as expected and as given: two maps side by side.
  ///
  /// - Parameters:
  ///   - id: Of the figures.
  ///   - name: Of the set, for their titles.
  /// - Returns: Both.
  public func pairFigures(id: String, name: String) -> Markup {
    let pairs = LabelPairs(self)
    func map(_ side: String, _ title: String, _ counts: [[Int]]) -> Markup {
      HeatMap(
        id: "\(id)-pairs-\(side)", title: title, rowTitle: "label", rows: pairs.labels,
        columns: pairs.labels, counts: counts
      ) { $0 == $1 ? .good : .plain }.figure.markup
    }
    return .columns([
      map(
        "expected", "Labels that stand together on texts of \(name), as expected", pairs.expected),
      map("given", "The same, as given", pairs.given),
    ])
  }
}
