import MoEBase
import MoEModel

/// What there is to say of single texts: their characters, their length, what is left in them by a program.
struct TextReview {
  let material: ReviewMaterial
  /// The tokenizer of the backbone; without one nobody knows what is too long.
  let tokenizer: Tokenizer?

  /// The share of a label's texts that begin alike from which the beginning is boilerplate, and the least count.
  static let boilerplateShare = 0.3
  static let boilerplateTexts = 5
  /// So many words at the beginning are compared.
  static let boilerplateWords = 4

  func findings() -> [Finding] {
    [
      found(
        "text-control", .warning, "control or invisible characters",
        "delete them: a program put them there, and readers do not write them", Self.control),
      found(
        "text-mojibake", .warning, "characters that were decoded wrongly (`Ã©` for `é`)",
        "decode the source of these texts as UTF-8, or repair them", Self.mojibake),
      found(
        "text-markup", .warning, "HTML tags or entities",
        "take the markup out: those who ask will not write it", Self.markup),
      found(
        "text-placeholder", .warning,
        "what a template left unfilled (`{name}`, `TODO`, lorem ipsum)",
        "fill it in, or delete the line", Self.placeholder),
      labelNames(), short(), boilerplate(), tooLong(), card(),
    ].compactMap(\.self)
  }

  private func found(
    _ code: String, _ weight: Finding.Weight, _ what: String, _ advice: String,
    _ detail: (String) -> String?
  ) -> Finding? {
    let marks = material.texts.compactMap { text in
      detail(text.text).map { Finding.Mark(text, detail: $0) }
    }
    guard !marks.isEmpty else { return nil }
    return Finding(
      code, weight, "\(marks.count.of("text")) \(marks.count == 1 ? "has" : "have") \(what)",
      advice: advice, marks: marks)
  }

  // MARK: - Characters

  static func control(_ text: String) -> String? {
    let found = text.unicodeScalars.first { scalar in
      switch scalar.value {
      case 0x09, 0x0A, 0x0D: false
      case 0..<0x20, 0x7F...0x9F, 0xAD, 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060,
        0x2066...0x2069, 0xFEFF:
        true
      default: false
      }
    }
    return found.map { scalar in
      let digits = String(scalar.value, radix: 16, uppercase: true)
      return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
  }

  static func mojibake(_ text: String) -> String? {
    var last: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      if scalar == "\u{FFFD}" { return "U+FFFD" }
      // UTF-8 read as Latin 1 or Windows-1252: a lead byte as a letter, then a byte that goes on as a sign.
      switch (last, scalar.value) {
      case ("\u{C3}", 0x80...0xBF), ("\u{C2}", 0x80...0xBF), ("\u{E2}", 0x20AC):
        return "\(last.map(String.init) ?? "")\(scalar)"
      default: last = scalar
      }
    }
    return nil
  }

  private static let tags: Set<String> = [
    "br", "p", "div", "span", "b", "i", "a", "li", "ul", "ol", "td", "tr", "table", "h1", "h2",
    "h3", "strong", "em", "script", "style", "img", "html", "body",
  ]

  static func markup(_ text: String) -> String? {
    let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&nbsp;", "&apos;", "&#"]
    if let entity = entities.first(where: { text.contains($0) }) { return entity }
    for part in text.split(separator: "<").dropFirst() {
      let name = part.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }.lowercased()
      let rest = part.drop { $0 == "/" }.dropFirst(name.count).first
      if tags.contains(name), let rest, ">/ ".contains(rest), part.contains(">") {
        return "<\(name)>"
      }
    }
    return nil
  }

  static func placeholder(_ text: String) -> String? {
    let lower = text.lowercased()
    if lower.contains("lorem ipsum") { return "lorem ipsum" }
    for word in ["TODO", "FIXME", "TBD"]
    where text.split(whereSeparator: { !$0.isLetter }).contains(Substring(word)) { return word }
    let brackets: [(Character, Character)] = [("{", "}"), ("<", ">"), ("[", "]"), ("%", "%")]
    for (open, close) in brackets {
      for part in text.split(separator: open, omittingEmptySubsequences: false).dropFirst() {
        guard let end = part.firstIndex(of: close) else { continue }
        let name = part[..<end]
        let isWord =
          (2...30).contains(name.count)
          && name.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_") }
        // People write in the other brackets too; a line between words tells a program's.
        let isMade = isWord && (open == "{" || name.contains("_"))
        if isMade { return "\(open)\(name)\(close)" }
      }
    }
    return nil
  }

  // MARK: - Length

  private func short() -> Finding? {
    let marks = material.texts.filter { text in
      text.words.count < 2 && text.text.count < 12 && !isLabelName(text)
    }.map { Finding.Mark($0, detail: $0.text) }
    guard !marks.isEmpty else { return nil }
    return Finding(
      "text-short", .note,
      "\(marks.count.of("text")) \(marks.count == 1 ? "is" : "are") a single short word",
      advice: "a word alone says little of a domain: write what a person would ask", marks: marks)
  }

  private func tooLong() -> Finding? {
    guard let tokenizer else { return nil }
    let marks = material.texts.compactMap { text -> Finding.Mark? in
      // A token is at least a byte: most texts need not be counted.
      guard text.text.utf8.count > tokenizer.maximumLength else { return nil }
      let encoding = tokenizer.encode(text.text)
      guard encoding.isTruncated else { return nil }
      return Finding.Mark(text, detail: "\(encoding.tokenCount) of \(encoding.ids.count) tokens")
    }
    guard !marks.isEmpty else { return nil }
    return Finding(
      "text-long", .warning,
      "\(marks.count.of("text")) \(marks.count == 1 ? "is" : "are") longer than the backbone reads, "
        + "\(tokenizer.maximumLength) tokens: the rest is cut off",
      advice: "divide them, or keep the part that matters", marks: marks)
  }

  // MARK: - What gives the answer away

  private func isLabelName(_ text: ReviewedText) -> Bool {
    text.labels.contains { ShingleIndex.words($0) == text.words }
  }

  private func labelNames() -> Finding? {
    let marks = material.texts.filter(isLabelName).map { Finding.Mark($0, detail: $0.text) }
    guard !marks.isEmpty else { return nil }
    return Finding(
      "text-label", .warning,
      "\(marks.count.of("text")) \(marks.count == 1 ? "is" : "are") just the name of the label",
      advice: "write what people would say; the name of the label teaches nothing", marks: marks)
  }

  private func boilerplate() -> Finding? {
    var marks: [Finding.Mark] = []
    var places: [String] = []
    for label in material.labels {
      let texts = material.texts.filter { $0.role == .train && $0.labels.contains(label) }
      for (name, isFront) in [("begin", true), ("end", false)] {
        let groups = Dictionary(
          grouping: texts.filter { $0.words.count > Self.boilerplateWords }
        ) { text in
          isFront
            ? text.words.prefix(Self.boilerplateWords).joined(separator: " ")
            : text.words.suffix(Self.boilerplateWords).joined(separator: " ")
        }
        guard let most = groups.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }),
          most.value.count >= Self.boilerplateTexts,
          Double(most.value.count) >= Self.boilerplateShare * Double(texts.count)
        else { continue }
        places.append("\(most.value.count) of `\(label)` \(name) with `\(most.key)`")
        marks += most.value.map { Finding.Mark($0, detail: most.key) }
      }
    }
    guard !marks.isEmpty else { return nil }
    return Finding(
      "text-boilerplate", .warning,
      "training texts share a constant beginning or end: \(places.prefix(4).joined(separator: "; "))",
      advice: "take it out: the head would learn the frame, and not what is asked", marks: marks)
  }

  private func card() -> Finding? {
    let lines = material.card.split(separator: "\n", omittingEmptySubsequences: false)
    let marks = lines.enumerated().filter { $0.element.contains("TODO") }
      .map { Finding.Mark("CARD.md", $0.offset + 1) }
    guard !marks.isEmpty else { return nil }
    return Finding(
      "card-incomplete", .note, "`CARD.md` says TODO in \(marks.count.of("place"))",
      advice: "say who wrote the texts, what the pack is not for, and what it does not cover",
      marks: marks)
  }
}
