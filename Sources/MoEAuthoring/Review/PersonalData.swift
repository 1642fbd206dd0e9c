/// Personal data that looks real: what stands in a text, not what it is about.
///
/// Names reserved for examples (RFC 2606), numbers reserved for fiction (`555-01…`, Ofcom's drama numbers), and the
/// card numbers that payment firms publish for tests are passed over. Identity, account and card numbers count only if
/// their check digits are right, where the scheme has any.
enum PersonalData: String, CaseIterable {
  case email = "an e-mail address"
  case phone = "a telephone number"
  case identity = "an identity number"
  case account = "a bank account number"
  case card = "a payment card number"

  /// What kinds stand in a text.
  static func kinds(in text: String) -> [PersonalData] {
    let scan = NumberScan(text)
    return allCases.filter { kind in
      switch kind {
      case .email: text.contains("@") && hasEmail(text)
      case .phone: scan.runs.contains(where: isPhone)
      case .identity:
        scan.runs.contains(where: isSocialSecurity) || scan.words.contains(where: isIdentity)
      case .account: scan.hasAccount
      case .card: scan.runs.contains { isCard($0.digits) }
      }
    }
  }

  // MARK: - E-mail

  private static func hasEmail(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return zip(parts, parts.dropFirst()).contains { before, after in
      guard let last = before.last, last.isASCII, last.isLetter || last.isNumber else {
        return false
      }
      var domain = after.prefix {
        $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-")
      }
      .lowercased()
      while domain.last == "." || domain.last == "-" { domain.removeLast() }
      let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
      guard labels.count >= 2, let top = labels.last, (2...24).contains(top.count),
        top.allSatisfy(\.isLetter), !labels.contains(where: \.isEmpty)
      else { return false }
      let isReserved =
        ["example", "test", "invalid", "localhost"].contains(String(top))
        || labels[labels.count - 2] == "example"
      return !isReserved
    }
  }

  // MARK: - Telephone

  private static func isPhone(_ run: NumberScan.Run) -> Bool {
    let digits = run.digits
    let shape = run.text
    if digits.contains(5550100..<5550200) { return false }
    if shape.hasPrefix("+") {
      // E.164: a country code and at most 15 digits; 44 20 7946 0… and 44 7700 900… are for fiction.
      return (9...15).contains(digits.count) && !digits.starts(with: [4, 4, 2, 0, 7, 9, 4, 6, 0])
        && !digits.starts(with: [4, 4, 7, 7, 0, 0, 9, 0, 0])
    }
    let groups = run.groups.map(\.count)
    if shape.hasPrefix("0") {
      // The last group has three digits or more; in France every one has two. Times and dates have neither.
      let isGrouped = (groups.last ?? 0) >= 3 || groups == [2, 2, 2, 2, 2]
      return (9...11).contains(digits.count) && groups.count > 1 && isGrouped
        && !digits.starts(with: [0, 2, 0, 7, 9, 4, 6, 0])
        && !digits.starts(with: [0, 7, 7, 0, 0, 9, 0, 0])
    }
    // North America: an area code and an exchange, neither of which begins with 0 or 1.
    return digits.count == 10 && groups == [3, 3, 4] && digits[0] > 1 && digits[3] > 1
  }

  // MARK: - Identity numbers

  private static func isSocialSecurity(_ run: NumberScan.Run) -> Bool {
    guard run.text.allSatisfy({ $0 == "-" || $0.isNumber }), run.groups.map(\.count) == [3, 2, 4]
    else { return false }
    let area = run.groups[0].reduce(0) { $0 * 10 + $1 }
    return (1..<900).contains(area) && area != 666 && run.groups[1] != [0, 0]
      && run.groups[2] != [0, 0, 0, 0] && run.digits != [0, 7, 8, 0, 5, 1, 1, 2, 0]
      && run.digits != [2, 1, 9, 0, 9, 9, 9, 9, 9]
  }

  /// Singapore's NRIC and FIN, the United Kingdom's NINO, Spain's DNI.
  private static func isIdentity(_ word: [UInt8]) -> Bool {
    isNRIC(word) || isNINO(word) || isDNI(word)
  }

  private static func digits(_ bytes: ArraySlice<UInt8>) -> [Int]? {
    let digits = bytes.map { Int($0) - 48 }
    return digits.allSatisfy { (0...9).contains($0) } ? digits : nil
  }

  private static func isNRIC(_ word: [UInt8]) -> Bool {
    guard word.count == 9, let digits = digits(word[1..<8]) else { return false }
    let sum = zip(digits, [2, 7, 6, 5, 4, 3, 2]).reduce(0) { $0 + $1.0 * $1.1 }
    let letters: String
    switch word[0] {
    case UInt8(ascii: "S"): letters = Array("JZIHGFEDCBA")[sum % 11].description
    case UInt8(ascii: "T"): letters = Array("JZIHGFEDCBA")[(sum + 4) % 11].description
    case UInt8(ascii: "F"): letters = Array("XWUTRQPNMLK")[sum % 11].description
    case UInt8(ascii: "G"): letters = Array("XWUTRQPNMLK")[(sum + 4) % 11].description
    default: return false
    }
    return letters.utf8.first == word[8]
  }

  private static func isNINO(_ word: [UInt8]) -> Bool {
    guard word.count == 9, digits(word[2..<8]) != nil, (65...68).contains(word[8]) else {
      return false
    }
    let prefix = String(decoding: word[..<2], as: UTF8.self)
    return word[..<2].allSatisfy { (65...90).contains($0) }
      && !word[..<2].contains(where: { "DFIQUV".utf8.contains($0) }) && word[1] != UInt8(ascii: "O")
      && !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(prefix)
  }

  private static func isDNI(_ word: [UInt8]) -> Bool {
    guard word.count == 9, let digits = digits(word[..<8]) else { return false }
    let number = digits.reduce(0) { $0 * 10 + $1 }
    return Array("TRWAGMYFPDXBNJZSQVHLCKE".utf8)[number % 23] == word[8] && number != 12_345_678
  }

  // MARK: - Cards

  private static let testCards: Set<String> = [
    "4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556",
    "5555555555554444",
    "5105105105105100", "2223003122003222", "5200828282828210", "378282246310005",
    "371449635398431",
    "6011111111111117", "6011000990139424", "30569309025904", "38520000023237", "3530111333300000",
    "3566002020360505", "4222222222222", "4000000000000002",
  ]

  /// A card number by length, issuer and Luhn's check digit.
  static func isCard(_ digits: [Int]) -> Bool {
    guard (13...19).contains(digits.count), let first = digits.first, (2...6).contains(first),
      Set(digits).count > 1, !testCards.contains(digits.map(String.init).joined())
    else { return false }
    let sum = digits.reversed().enumerated().reduce(0) { sum, entry in
      let doubled = entry.element * 2
      return sum
        + (entry.offset.isMultiple(of: 2) ? entry.element : doubled > 9 ? doubled - 9 : doubled)
    }
    return sum.isMultiple(of: 10)
  }
}

extension [Int] {
  /// Whether seven of the digits in a row are a number of the range.
  fileprivate func contains(_ range: Range<Int>) -> Bool {
    guard count >= 7 else { return false }
    return (0...count - 7).contains { start in
      range.contains(self[start..<start + 7].reduce(0) { $0 * 10 + $1 })
    }
  }
}
