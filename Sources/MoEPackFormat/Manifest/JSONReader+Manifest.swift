import MoEBase

/// The kinds of value a manifest has beside JSON's own, each read with its rule in the error.
extension JSONReader {
  mutating func refuse<Result>(
    _ key: String, expected: String, got text: String
  ) throws(JSONSchemaError) -> Result {
    throw JSONSchemaError(path: path(of: key), expected: expected, got: "`\(escaped(text))`")
  }

  mutating func packName(_ key: String) throws(JSONSchemaError) -> PackName {
    let text = try string(key)
    if let name = PackName(text) { return name }
    return try refuse(
      key, expected: "`namespace/name` in lower-case letters, digits and hyphens", got: text)
  }

  mutating func packNames(_ key: String) throws(JSONSchemaError) -> [PackName] {
    var names: [PackName] = []
    for text in try strings(key) {
      guard let name = PackName(text), !names.contains(name), names.count < 1024 else {
        return try refuse(key, expected: "at most 1024 pack names, none twice", got: text)
      }
      names.append(name)
    }
    return names
  }

  /// Pack names, or none where the key is absent.
  mutating func optionalPackNames(_ key: String) throws(JSONSchemaError) -> [PackName] {
    optional(key) == nil ? [] : try packNames(key)
  }

  /// Requirements, or none where the key is absent.
  mutating func requirements(_ key: String) throws(JSONSchemaError) -> [PackRequirement] {
    guard optional(key) != nil else { return [] }
    var requirements: [PackRequirement] = []
    for text in try strings(key) {
      guard let requirement = PackRequirement(text), requirements.count < 1024,
        !requirements.contains(where: { $0.pack == requirement.pack })
      else {
        return try refuse(key, expected: PackRequirement.rule, got: text)
      }
      requirements.append(requirement)
    }
    return requirements
  }

  mutating func semanticVersion(_ key: String) throws(JSONSchemaError) -> SemanticVersion {
    let text = try string(key)
    if let version = SemanticVersion(text) { return version }
    return try refuse(key, expected: "a semantic version such as `1.0.0`", got: text)
  }

  /// The name of a task or an eval set.
  mutating func name(_ key: String) throws(JSONSchemaError) -> String {
    let text = try string(key)
    if isWord(text.utf8, atMost: 63, and: "_-") { return text }
    return try refuse(
      key, expected: "1 to 63 lower-case letters, digits, `_` and `-`", got: text)
  }

  mutating func shownText(_ key: String, atMost most: Int) throws(JSONSchemaError) -> String {
    let text = try string(key)
    if isShownText(text, atMost: most) { return text }
    return try refuse(
      key, expected: "1 to \(most) bytes without control characters or outer spaces", got: text)
  }

  mutating func shownTexts(
    _ key: String, count: ClosedRange<Int>, atMost most: Int
  ) throws(JSONSchemaError) -> [String] {
    let texts = try strings(key)
    guard count.contains(texts.count) else {
      return try refuse(
        key, expected: "\(count.lowerBound) to \(count.upperBound) elements", got: "\(texts.count)")
    }
    for text in texts where !isShownText(text, atMost: most) {
      return try refuse(
        key, expected: "1 to \(most) bytes without control characters or outer spaces", got: text)
    }
    return texts
  }

  /// Texts before which an answer ends: at most 16, each of 1 to 64 bytes.
  mutating func stops(_ key: String) throws(JSONSchemaError) -> [String] {
    let texts = try strings(key)
    for text in texts {
      guard texts.count <= 16, (1...64).contains(text.utf8.count) else {
        return try refuse(key, expected: "at most 16 texts of 1 to 64 bytes", got: text)
      }
    }
    return texts
  }

  /// One of a few words.
  mutating func word(_ key: String, _ words: [String]) throws(JSONSchemaError) -> String {
    let text = try string(key)
    if let word = words.first(where: { $0.utf8.elementsEqual(text.utf8) }) { return word }
    let expected = words.map { "`\($0)`" }.joined(separator: ", ")
    return try refuse(key, expected: words.count == 1 ? expected : "one of \(expected)", got: text)
  }

  /// Language or jurisdiction tags.
  mutating func tags(_ key: String) throws(JSONSchemaError) -> [String] {
    let texts = try strings(key)
    for text in texts {
      guard texts.count <= 256, isWord(text.lowercased().utf8, atMost: 35, and: "-"),
        text.utf8.count == text.lowercased().utf8.count
      else {
        return try refuse(
          key, expected: "at most 256 tags of letters, digits and hyphens", got: text)
      }
    }
    return texts
  }

  /// A date that the calendar has, `YYYY-MM-DD`.
  mutating func date(_ key: String) throws(JSONSchemaError) -> String {
    let text = try string(key)
    if isDate(Array(text.utf8)) { return text }
    return try refuse(key, expected: "a date `YYYY-MM-DD`", got: text)
  }

  /// A number from 0 to 1, or null.
  mutating func share(_ key: String) throws(JSONSchemaError) -> Double? {
    if case .null = try value(key) { return nil }
    return try number(key, in: 0...1)
  }

  /// The elements of an array that has so many.
  private mutating func array(
    _ key: String, count: ClosedRange<Int>
  ) throws(JSONSchemaError) -> [JSONValue] {
    let elements = try array(key)
    guard count.contains(elements.count) else {
      return try refuse(
        key, expected: "\(count.lowerBound) to \(count.upperBound) elements",
        got: "\(elements.count)")
    }
    return elements
  }

  mutating func integers(
    _ key: String, count: ClosedRange<Int>, in range: ClosedRange<Int>
  ) throws(JSONSchemaError) -> [Int] {
    let elements = try array(key, count: count)
    var numbers: [Int] = []
    for (index, element) in elements.enumerated() {
      guard case .integer(let number) = element, let value = Int(exactly: number),
        range.contains(value)
      else {
        throw JSONSchemaError(
          path: "\(path(of: key))[\(index)]",
          expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
          got: escaped(element.text))
      }
      numbers.append(value)
    }
    return numbers
  }

  mutating func numbers(
    _ key: String, count: ClosedRange<Int>, in range: ClosedRange<Double>
  ) throws(JSONSchemaError) -> [Double] {
    let elements = try array(key, count: count)
    var numbers: [Double] = []
    for (index, element) in elements.enumerated() {
      let number: Double? =
        switch element {
        case .integer(let whole): Double(whole)
        case .number(let number): number
        default: nil
        }
      guard let number, range.contains(number) else {
        throw JSONSchemaError(
          path: "\(path(of: key))[\(index)]",
          expected: "a number from \(range.lowerBound) to \(range.upperBound)",
          got: escaped(element.text))
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The objects of an array, each read by `read`.
  mutating func list<Element>(
    _ key: String, in count: ClosedRange<Int>,
    _ read: (JSONReader) throws(JSONSchemaError) -> Element
  ) throws(JSONSchemaError) -> [Element] {
    let readers = try objects(key)
    guard count.contains(readers.count) else {
      throw JSONSchemaError(
        path: path(of: key), expected: "\(count.lowerBound) to \(count.upperBound) elements",
        got: "\(readers.count)")
    }
    var elements: [Element] = []
    for reader in readers { elements.append(try read(reader)) }
    return elements
  }
}

/// Whether the bytes are `YYYY-MM-DD` and the (proleptic Gregorian) calendar has that day.
func isDate(_ bytes: [UInt8]) -> Bool {
  guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else {
    return false
  }
  func number(_ range: Range<Int>) -> Int? {
    var value = 0
    for byte in bytes[range] {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
  guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
    (1...12).contains(month)
  else { return false }
  let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return (1...lengths[month - 1]).contains(day)
}
