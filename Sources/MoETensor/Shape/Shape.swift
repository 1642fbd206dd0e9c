/// The extents of a tensor, slowest dimension first.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extents.
  public let dimensions: [Int]
  /// The number of elements: the product of the extents, 1 without any.
  public let count: Int

  /// Makes a shape from numbers that come from outside; `nil` if one is negative or the count overflows.
  public init?(checking dimensions: [Int]) {
    var count = 1
    for extent in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      count = product
    }
    self.dimensions = dimensions
    self.count = count
  }

  /// Makes a shape.
  ///
  /// - Precondition: no extent is negative and the count fits `Int`.
  public init(_ dimensions: [Int]) {
    guard let shape = Shape(checking: dimensions) else {
      preconditionFailure("\(dimensions) is not the shape of a tensor")
    }
    self = shape
  }

  /// Makes a shape.
  public init(arrayLiteral dimensions: Int...) { self.init(dimensions) }

  /// How many dimensions there are.
  public var rank: Int { dimensions.count }

  /// `[2, 3]`.
  public var description: String { "\(dimensions)" }
}
