import MoEPackFormat

/// Whether texts are of the kind that the vendor meant to bring: their language, and nobody's personal data.
struct OriginReview {
  let material: ReviewMaterial

  func findings() -> [Finding] { personal() + languages() }

  private func personal() -> [Finding] {
    var marks: [PersonalData: [Finding.Mark]] = [:]
    for text in material.texts {
      for kind in PersonalData.kinds(in: text.text) {
        // The data itself is not repeated: reports are passed on.
        marks[kind, default: []].append(Finding.Mark(text))
      }
    }
    return PersonalData.allCases.compactMap { kind in
      guard let marks = marks[kind] else { return nil }
      return Finding(
        "personal-\(kind)", .warning,
        "\(marks.count.of("text")) \(marks.count == 1 ? "has" : "have") what looks like \(kind.rawValue)",
        advice: "put an invented one in its place: the eval texts travel in the pack", marks: marks)
    }
  }

  private func languages() -> [Finding] {
    let declared = material.description.about.languages
    let marks = material.texts.compactMap { text in
      LanguageGuess.stranger(in: text.text, words: text.words, among: declared)
        .map { Finding.Mark(text, detail: $0) }
    }
    guard !marks.isEmpty else { return [] }
    let found = Set(marks.compactMap(\.detail)).sorted().joined(separator: ", ")
    return [
      Finding(
        "text-language", .warning,
        "\(marks.count.of("text")) \(marks.count == 1 ? "is" : "are") in another language (\(found)) than "
          + "`about.languages` declares (\(declared.joined(separator: ", ")))",
        advice: "declare the language, or take the texts out", marks: marks)
    ]
  }
}
