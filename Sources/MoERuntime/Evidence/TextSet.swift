import MoEBase
import MoEStore

/// Texts that are asked at every change, by the digest that names them.
struct TextSet: Sendable {
  /// What names them in the cache.
  let key: StoreCache.Texts
  /// What they are, for progress.
  let title: String
  /// The texts.
  let texts: [String]

  /// How many there are.
  var count: Int { texts.count }

  init(key: StoreCache.Texts, title: String, texts: [String]) {
    self.key = key
    self.title = title
    self.texts = texts
  }

  /// The neutral texts of a profile.
  init(probes: [String]) {
    var builder = DigestBuilder()
    for probe in probes { builder.update(text: probe) }
    self.init(key: .probes(builder.finish()), title: "neutral probes", texts: probes)
  }
}
