/// What is left of a text when names and numbers are taken out.
///
/// Texts filled into one template by a program are no independent evidence: `The Ocean Star owes 4,200 USD` and
/// `The Baltic Queen owes 900 EUR` have the same template.
enum TextTemplate {
  /// The fewest words, names and numbers not counted, of a template that says anything.
  static let leastWords = 6

  /// The template; `nil` where nothing was taken out, or too little is left.
  ///
  /// A word with a digit is a number, and a word with a capital that does not begin a sentence is a name; a run of
  /// either counts as one.
  static func template(of text: String) -> String? {
    var parts: [String] = []
    var kept = 0
    var masked = false
    var beginsSentence = true
    for word in text.split(whereSeparator: \.isWhitespace) {
      let core = word.trimmingPrefix { !$0.isLetter && !$0.isNumber }
      let isNumber = core.contains { $0.isNumber }
      let isName = !isNumber && !beginsSentence && core.first?.isUppercase == true
      beginsSentence = word.last.map { ".!?:".contains($0) } ?? false
      let part = isNumber ? "#" : isName ? "@" : core.lowercased().filter(\.isLetter)
      if isNumber || isName {
        masked = true
        if parts.last == part { continue }
      } else {
        guard !part.isEmpty else { continue }
        kept += 1
      }
      parts.append(part)
    }
    return masked && kept >= leastWords ? parts.joined(separator: " ") : nil
  }
}
