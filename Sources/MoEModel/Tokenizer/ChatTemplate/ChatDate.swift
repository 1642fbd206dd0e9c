/// The day and time that a chat template writes into a prompt, in the caller's time zone.
///
/// It is the caller's to give: a template that asks for a date gets no clock of its own, so that the same
/// request gives the same prompt.
public struct ChatDate: Sendable, Equatable {
  private let year: Int
  private let month: Int
  private let day: Int
  private let hour: Int
  private let minute: Int
  private let second: Int

  /// Makes a date of the Gregorian calendar; `nil` when there is none such.
  ///
  /// - Parameters:
  ///   - year: From 1 to 9999.
  ///   - month: From 1 to 12.
  ///   - day: From 1 to the month's last.
  ///   - hour: From 0 to 23.
  ///   - minute: From 0 to 59.
  ///   - second: From 0 to 59.
  public init?(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0
  ) {
    guard (1...9999).contains(year), (1...12).contains(month),
      (1...Self.dayCount(year, month)).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...59).contains(second)
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  private static func dayCount(_ year: Int, _ month: Int) -> Int {
    let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let days = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]

  /// Days before this one in its year, and the day of the week, 0 for Monday.
  private var place: (inYear: Int, inWeek: Int) {
    let before = (1..<month).reduce(0) { $0 + Self.dayCount(year, $1) } + day - 1
    let past = year - 1
    return (before, (past * 365 + past / 4 - past / 100 + past / 400 + before) % 7)
  }

  /// The date in a format of `strftime`, in English; `nil` when the format asks for something else.
  func formatted(_ format: String) -> String? {
    var output = ""
    var scalars = format.unicodeScalars.makeIterator()
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = "\(number)"
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    while let scalar = scalars.next() {
      guard scalar == "%" else {
        output.unicodeScalars.append(scalar)
        continue
      }
      switch scalars.next() {
      case "Y": output += padded(year, 4)
      case "y": output += padded(year % 100, 2)
      case "m": output += padded(month, 2)
      case "d": output += padded(day, 2)
      case "H": output += padded(hour, 2)
      case "I": output += padded((hour + 11) % 12 + 1, 2)
      case "M": output += padded(minute, 2)
      case "S": output += padded(second, 2)
      case "p": output += hour < 12 ? "AM" : "PM"
      case "j": output += padded(place.inYear + 1, 3)
      case "B": output += Self.months[month - 1]
      case "b": output += Self.months[month - 1].prefix(3)
      case "A": output += Self.days[place.inWeek]
      case "a": output += Self.days[place.inWeek].prefix(3)
      case "%": output += "%"
      default: return nil
      }
    }
    return output
  }
}
