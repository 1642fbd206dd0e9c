public import MoEBase

/// Texts of made-up words: a few topics, and words that belong to none.
public enum TinyTexts {
  /// How many topics there are.
  public static let topicCount = 6
  static let wordsPerTopic = 16
  static let commonCount = 96

  /// The words of one topic.
  public static func words(topic: Int) -> [String] {
    (0..<wordsPerTopic).map { word(topic * wordsPerTopic + $0 + commonCount) }
  }

  /// The words that belong to no topic.
  public static let common = (0..<commonCount).map(word)

  /// Every word.
  public static let all = common + (0..<topicCount).flatMap { words(topic: $0) }

  /// A text of 8 to 14 words, most of them of the topic; of none when `nil`.
  public static func text(
    topic: Int?, using generator: inout SeededGenerator
  ) -> String {
    let own = topic.map { words(topic: $0) } ?? common
    return (0..<8 + generator.below(7)).map { _ in
      let list = generator.uniform() < 0.9 ? own : common
      return list[generator.below(list.count)]
    }.joined(separator: " ")
  }

  /// Texts of all topics and of none, mixed: short and long ones, words cut in two, unknown characters.
  public static func mixture(count: Int, seed: UInt64) -> [String] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let topic = generator.below(topicCount + 1)
      var text = text(topic: topic == topicCount ? nil : topic, using: &generator)
      if index % 7 == 0 {
        text += " " + self.text(topic: (topic + 1) % topicCount, using: &generator)
      }
      if index % 11 == 0 { text = String(text.prefix(4)) }
      if index % 13 == 0 { text += " ÄÖ 語 " + text }
      return text
    }
  }

  /// The word of that number: two syllables, no two alike.
  private static func word(_ number: Int) -> String {
    let consonants = Array("bdfgklmnprstvz")
    let vowels = Array("aeiou")
    var rest = number
    var text = ""
    for _ in 0..<2 {
      text.append(consonants[rest % consonants.count])
      rest /= consonants.count
      text.append(vowels[rest % vowels.count])
      rest /= vowels.count
    }
    return text
  }
}
