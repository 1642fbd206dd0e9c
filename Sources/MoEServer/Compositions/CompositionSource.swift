import Foundation
public import MoEBase
import MoEModel
import MoEPackFormat
public import MoERuntime
public import MoEStore

/// Where a server's compositions come from: a store, and the backbones of this machine.
public struct CompositionSource: Sendable {
  /// Opens the store; `nil` where there is none yet.
  public let openStore: @Sendable () throws -> Store?
  /// Loads the backbone that packs were made for, or the one to serve where there are none, in a precision.
  public let ground: @Sendable ([InstalledPack], Precision) throws -> Installer.Ground

  /// Makes a source.
  public init(
    openStore: @escaping @Sendable () throws -> Store?,
    ground: @escaping @Sendable ([InstalledPack], Precision) throws -> Installer.Ground
  ) {
    self.openStore = openStore
    self.ground = ground
  }

  /// Loads a generation; packs and backbone that `current` has are taken from it.
  ///
  /// - Throws: `StoreError`, `RuntimeError`, `BackboneError`.
  func load(
    _ generation: Generation?, beside current: (live: LiveComposition, ground: Installer.Ground)?,
    census: CompositionCensus
  ) throws -> (live: LiveComposition, ground: Installer.Ground) {
    let packs = generation?.packs ?? []
    let wanted = try packs.first?.manifest().backbone.digest
    let ground: Installer.Ground
    let precision = generation?.precision ?? .f32
    if let current, wanted == nil || wanted == current.ground.backbone.digest,
      precision == current.ground.backbone.precision
    {
      ground = current.ground
    } else {
      ground = try self.ground(packs, precision)
    }
    var profile = ground.profile
    let mounted = try packs.map { pack in
      if let known = current?.live.pack(pack.digest),
        known.manifest.backbone.digest == ground.backbone.digest
      {
        return known
      }
      let loaded = try MountedPack(pack, backbone: ground.backbone.outline, profile: profile)
      profile = profile ?? loaded.manifest.profile
      return loaded
    }
    let composition = Composition(
      backbone: ground.backbone, profile: ground.profile, generation: generation?.id ?? 0,
      packs: mounted,
      dispatcher: Dispatcher(threshold: generation?.threshold ?? Generation.defaultThreshold))
    return (try LiveComposition(composition, generation: generation, census: census), ground)
  }
}
