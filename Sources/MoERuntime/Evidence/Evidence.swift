import Foundation
import MoEBase
import MoEModel
import MoEStore
import MoETensor

/// What packs make of texts, each computed once: features, margins and label probabilities.
///
/// What the store's cache has is not computed again. A cached number has the bits of a fresh one: the bits
/// depend on the texts, the backbone and the pack alone (invariants I1 to I4), and on them the cache is keyed.
final class Evidence {
  /// The version of the arithmetic and of the cache's files; the precision and the backbone's digest follow.
  private static let version = "2"

  let backbone: Backbone
  let pool: ThreadPool
  private let cache: StoreCache?
  private let progress: ProgressHandler
  private let version: String
  private var records: [Key: PackRecord] = [:]
  private var changed: Set<Key> = []
  private var features: [StoreCache.Texts: [Float]] = [:]
  private var surveys: [SurveyKey: Survey] = [:]

  /// How many texts the backbone ran over, each pass counted.
  private(set) var passCount = 0

  private struct Key: Hashable {
    let pack: Digest
    let texts: StoreCache.Texts
  }

  private struct SurveyKey: Hashable {
    let composition: Digest
    let texts: StoreCache.Texts
  }

  init(
    backbone: Backbone, pool: ThreadPool, cache: StoreCache?,
    progress: @escaping ProgressHandler = { _ in }
  ) {
    self.backbone = backbone
    self.pool = pool
    self.cache = cache
    self.progress = progress
    version = "\(Self.version) \(backbone.precision.rawValue) \(backbone.digest)"
  }

  // MARK: - Packs

  /// The margins of packs, without the operator's shift: by pack, one a text.
  func margins(of packs: [PackModel], on texts: TextSet) throws -> [[Double]] {
    let missing = packs.filter { record(of: $0, on: texts) == nil }
    if !missing.isEmpty {
      let margins = DispatcherBank(missing.map(\.rows)).margins(
        try features(of: texts), texts.texts.map { NGramBag(backbone.tokenizer.encode($0)) },
        kernels: backbone.kernels)
      for (pack, margins) in zip(missing, margins) {
        keep(PackRecord(margins: margins), of: pack, on: texts)
      }
    }
    return packs.map { record(of: $0, on: texts)?.margins ?? [] }
  }

  /// What a pack gives on some of the texts, whatever the dispatcher says: by the index of the text.
  func outputs(
    of pack: PackModel, on texts: TextSet, at indices: [Int]
  ) throws -> [Int: PackOutput] {
    let known = record(of: pack, on: texts)?.outputs ?? [:]
    let missing = indices.filter { known[$0] == nil }
    guard !missing.isEmpty else { return known }
    let encodings = missing.map { backbone.tokenizer.encode(texts.texts[$0]) }
    passCount += missing.count
    let meter = WorkMeter(texts.title, total: missing.count, progress)
    let (features, outputs) = try backbone.run(
      pack, on: encodings, pool: pool, progress: meter.add)
    // The trunk has run over all of them: what it gave need not be computed once more.
    if missing.count == texts.count { self.features[texts.key] = features }
    _ = try margins(of: [pack], on: texts)
    guard var record = record(of: pack, on: texts) else { return known }
    for (index, output) in zip(missing, outputs) { record.outputs[index] = output }
    keep(record, of: pack, on: texts)
    return record.outputs
  }

  private func keep(_ record: PackRecord, of pack: PackModel, on texts: TextSet) {
    let key = Key(pack: pack.identity.digest, texts: texts.key)
    records[key] = record
    changed.insert(key)
    widths[key.pack] = Self.widths(pack)
  }

  private func record(of pack: PackModel, on texts: TextSet) -> PackRecord? {
    let key = Key(pack: pack.identity.digest, texts: texts.key)
    if let known = records[key] { return known }
    guard let data = cache?.read(key.pack.hex, of: texts.key, version: version),
      let record = PackRecord(data, count: texts.count, widths: Self.widths(pack))
    else { return nil }
    records[key] = record
    return record
  }

  private var widths: [Digest: [Int]] = [:]

  private static func widths(_ pack: PackModel) -> [Int] { pack.heads.map(\.labels.count) }

  // MARK: - Texts

  /// The features of texts, `[count, G]`.
  func features(of texts: TextSet) throws -> [Float] {
    if let known = features[texts.key] { return known }
    let width = backbone.featureWidth
    if let data = cache?.read(StoreCache.features, of: texts.key, version: version),
      data.count == texts.count * width * MemoryLayout<Float>.size
    {
      return [Float](unsafeUninitializedCapacity: texts.count * width) { buffer, count in
        count = data.copyBytes(to: buffer) / MemoryLayout<Float>.size
      }
    }
    passCount += texts.count
    let meter = WorkMeter(texts.title, total: texts.count, progress)
    let fresh = try backbone.features(texts: texts.texts, pool: pool, progress: meter.add)
    features[texts.key] = fresh
    return fresh
  }

  // MARK: - Compositions

  /// What a composition answers on texts, as far as a suite needs it.
  func survey(_ composition: Composition, _ texts: TextSet) throws -> Survey {
    let key = SurveyKey(composition: composition.digest, texts: texts.key)
    if let known = surveys[key] { return known }
    let packs = composition.mixture.packs
    let dispatcher = composition.mixture.dispatcher
    let margins = try margins(of: packs, on: texts)
    let eligible = (0..<texts.count).map { text in
      packs.indices.filter { dispatcher.isEligible(margins[$0][text]) }
    }
    let decided = eligible.enumerated().map { text, candidates in
      dispatcher.decide(
        candidates.map {
          Dispatcher.Candidate(pack: packs[$0].identity.digest, margin: margins[$0][text])
        }
      ).route.map { Survey.Selection(pack: candidates[$0.index], weight: $0.weight) }
    }
    let routes = decided.map { $0.sorted { $0.pack < $1.pack } }
    var outputs: [[Int: PackOutput]] = Array(repeating: [:], count: packs.count)
    for pack in packs.indices {
      let chosen = routes.indices.filter { text in routes[text].contains { $0.pack == pack } }
      guard !chosen.isEmpty else { continue }
      outputs[pack] = try self.outputs(of: packs[pack], on: texts, at: chosen)
    }
    let leads = routes.enumerated().map { text, route in
      decided[text].first.map { greatest in
        MixtureModel.lead(
          route.compactMap { selection in
            outputs[selection.pack][text].map {
              MixtureModel.Contribution(
                pack: packs[selection.pack], weight: selection.weight, output: $0)
            }
          }, of: packs[greatest.pack].identity)
      }
    }
    let survey = Survey(
      packs: packs.map(\.identity), eligible: eligible, routes: routes, leads: leads)
    surveys[key] = survey
    return survey
  }

  // MARK: - Between runs

  /// Keeps what was computed of these packs and texts for the next run.
  func save(packs: Set<Digest>, texts: Set<StoreCache.Texts>) {
    guard let cache else { return }
    for key in changed where packs.contains(key.pack) && texts.contains(key.texts) {
      guard let record = records[key], let widths = widths[key.pack] else { continue }
      cache.write(
        record.bytes(widths: widths), as: key.pack.hex, of: key.texts, version: version)
    }
    for (key, values) in features where texts.contains(key) {
      cache.write(
        values.withUnsafeBytes { Data($0) }, as: StoreCache.features, of: key, version: version)
    }
    changed = []
    features = [:]
  }
}

extension Dispatcher {
  /// Whether a pack of this margin, without the operator's shift, may be selected.
  func isEligible(_ margin: Double) -> Bool { margin.isFinite && margin + shift > 0 }
}

/// What one composition answers on the texts of one set.
struct Survey {
  /// A selected pack.
  struct Selection {
    /// Its index in ``Survey/packs``.
    let pack: Int
    /// Its weight.
    let weight: Double
  }

  /// The packs, in the order of their digests.
  let packs: [PackIdentity]
  /// By text, the packs that may be selected.
  let eligible: [[Int]]
  /// By text, the packs that are, in the order of their digests.
  let routes: [[Selection]]
  /// By text, what a user is told before everything else; `nil` where no pack is selected.
  let leads: [Answer.Lead?]

  /// The index of a pack.
  func index(of pack: Digest) -> Int? { packs.firstIndex { $0.digest == pack } }

  /// Whether a pack is selected for a text.
  func selects(_ pack: Digest, at text: Int) -> Bool {
    routes[text].contains { packs[$0.pack].digest == pack }
  }

  /// Whether a pack may be selected for a text.
  func admits(_ pack: Digest, at text: Int) -> Bool {
    eligible[text].contains { packs[$0].digest == pack }
  }
}
