import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoEStore

/// A composition in service, with what the server tells of it: immutable, held by every request that began on it.
final class LiveComposition: Sendable {
  /// Backbone and packs.
  let composition: Composition
  /// When its generation was made, in seconds since 1970; 0 where nothing says.
  let createdAt: Int
  /// The language model, where the backbone is one.
  let language: LanguageModel?
  /// The packs by the bytes of their names.
  private let packs: [[UInt8]: MountedPack]
  private let presence: CompositionCensus.Presence

  /// Takes a composition into service.
  ///
  /// - Throws: `BackboneError` where a language model's files do not say how it is used.
  init(_ composition: Composition, generation: Generation?, census: CompositionCensus) throws {
    self.composition = composition
    createdAt =
      generation?.createdAt.flatMap { try? Date($0, strategy: .iso8601) }
      .map { Int($0.timeIntervalSince1970) } ?? 0
    language =
      composition.backbone.kind == .decoder ? try LanguageModel(composition.backbone) : nil
    packs = Dictionary(
      composition.packs.map { (Array($0.identity.name.utf8), $0) },
      uniquingKeysWith: { first, _ in first })
    presence = CompositionCensus.Presence(in: census)
  }

  /// The pack of that name, compared byte by byte.
  func pack(named name: String) -> MountedPack? { packs[Array(name.utf8)] }

  /// The mounted pack of that digest: what the next composition shares with this one.
  func pack(_ digest: Digest) -> MountedPack? {
    composition.packs.first { $0.identity.digest == digest }
  }
}
