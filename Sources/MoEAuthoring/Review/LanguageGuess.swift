/// What language a text is in, as far as its script and its commonest words tell.
///
/// Only sure answers are given: a text of too few words, or one that two languages could claim, has none.
enum LanguageGuess {
  /// The fewest words that are judged.
  static let leastWords = 6
  /// The fewest of them that must be function words of the language.
  static let leastHits = 3

  private static let functionWords: [String: Set<String>] = [
    "en": words(
      """
      the of and to is that it for was are with this have from not you we they my our can
      what which be been has does do at by or if their there would should must how who
      when after your its
      """),
    "de": words(
      """
      der die das und ist nicht ein eine einen einem zu den dem des mit auf für von wir
      ich sie es im sind wird werden auch noch bei nach oder kann muss haben hat wie wenn
      unser unsere mein meine
      """),
    "fr": words(
      """
      le la les des du et est une un que qui dans pour pas nous vous ils elle je sur avec
      sont au aux ce cette ne il mon ma mes votre notre été ont par plus comment puis
      """),
    "es": words(
      """
      el los las del y es una un que en por para con no se su al lo como más pero mi nos
      está son fue este esta qué puedo ha muy cómo cuando
      """),
    "it": words(
      """
      il gli della dei delle e è una un che di per non con si sono del nel alla come mi
      mio mia questo questa ho hanno più anche al ci dal cosa quando
      """),
    "nl": words(
      """
      de het een en van is niet dat op te voor met zijn er ik wij we ze aan ook maar om
      bij naar door kan moet hebben heeft mijn onze wordt deze wat
      """),
    "pt": words(
      """
      o os da do das dos e é uma um que não para com em no na se por mais como meu minha
      são foi está ao eu ele seu sua você posso
      """),
  ]

  private static func words(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  /// The languages that are told apart by their words.
  static var known: Set<String> { Set(functionWords.keys) }

  private struct Script {
    let name: String
    let ranges: [ClosedRange<UInt32>]
    let languages: Set<String>

    init(_ name: String, _ ranges: [ClosedRange<UInt32>], _ languages: String) {
      self.name = name
      self.ranges = ranges
      self.languages = words(languages)
    }
  }

  private static let scripts = [
    Script("Cyrillic", [0x400...0x52F], "ru uk bg sr mk be kk ky mn tg tt bs"),
    Script("Greek", [0x370...0x3FF], "el"),
    Script("Arabic", [0x600...0x6FF, 0x750...0x77F], "ar fa ur ps ku ug"),
    Script("Hebrew", [0x590...0x5FF], "he yi"),
    Script("Devanagari", [0x900...0x97F], "hi mr ne sa"),
    Script("Thai", [0xE00...0xE7F], "th"),
    Script("Kana", [0x3040...0x30FF], "ja"),
    Script("Hangul", [0xAC00...0xD7AF, 0x1100...0x11FF], "ko"),
    Script("Han", [0x4E00...0x9FFF, 0x3400...0x4DBF], "zh ja yue ko"),
    Script("Tamil", [0xB80...0xBFF], "ta"),
    Script("Bengali", [0x980...0x9FF], "bn as"),
  ]

  /// What a text is in that is none of `languages`; `nil` where nothing sure can be said.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - words: Its words, in lower case.
  ///   - languages: The codes that `pack.yaml` declares.
  /// - Returns: A code, or the name of a script.
  static func stranger(in text: String, words: [String], among languages: [String]) -> String? {
    let declared = Set(languages.map { String($0.lowercased().prefix { $0 != "-" }) })
    if let script = script(of: text) {
      return script.languages.isDisjoint(with: declared) ? script.name : nil
    }
    guard words.count >= leastWords else { return nil }
    let hits = functionWords.mapValues { list in words.count { list.contains($0) } }
      .sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    guard let best = hits.first, best.value >= leastHits, best.value * 5 >= words.count,
      hits.count < 2 || best.value >= 2 * hits[1].value, !declared.contains(best.key),
      // A declared language that is not told by its words may be the one.
      declared.isSubset(of: known)
    else { return nil }
    return best.key
  }

  /// The script that most letters are of; `nil` for the Latin one.
  private static func script(of text: String) -> Script? {
    var letters = 0
    var counts = [Int](repeating: 0, count: scripts.count)
    for scalar in text.unicodeScalars where scalar.properties.isAlphabetic {
      letters += 1
      guard scalar.value >= 0x370 else { continue }
      let index = scripts.firstIndex { $0.ranges.contains { $0.contains(scalar.value) } }
      if let index { counts[index] += 1 }
    }
    guard let most = counts.indices.max(by: { counts[$0] < counts[$1] }), counts[most] * 2 > letters
    else { return nil }
    return scripts[most]
  }
}
