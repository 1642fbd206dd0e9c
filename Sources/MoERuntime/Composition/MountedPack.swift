import Foundation
public import MoEBase
public import MoEModel
public import MoEPackFormat
public import MoEStore
import SafeTensors

/// An installed pack, loaded as part of a composition.
public struct MountedPack: Sendable {
  /// What its manifest says.
  public let manifest: Manifest
  /// What is said of its labels to people.
  public let labels: LabelCatalog
  /// Its tensors.
  public let model: PackModel

  /// Which pack.
  public var identity: PackIdentity { model.identity }
  /// Name and version, for sentences.
  var label: String { "\(identity.name) \(identity.version)" }

  /// Makes a pack of its parts.
  public init(manifest: Manifest, labels: LabelCatalog, model: PackModel) {
    self.manifest = manifest
    self.labels = labels
    self.model = model
  }

  /// Loads an installed pack: its tensors are mapped, and not hashed again.
  ///
  /// - Parameters:
  ///   - pack: The pack in its store.
  ///   - backbone: What it is to run on.
  ///   - profile: The digest of the backbone's profile, where it is known.
  /// - Throws: ``RuntimeError`` when the pack was made for something else or a file of it is damaged, or
  ///   `StoreError` when its envelope is.
  public init(_ pack: InstalledPack, backbone: BackboneOutline, profile: Digest?) throws {
    let manifest = try pack.manifest()
    try manifest.checkCompatibility(with: backbone, profile: profile)
    self.manifest = manifest
    labels = try pack.labels()
    model = try PackModel(
      identity: PackIdentity(
        name: pack.name.description, version: pack.version.description, digest: pack.digest),
      shape: PackShape(manifest), backbone: backbone,
      experts: manifest.experts == nil ? nil : try pack.tensors(EntryName.experts),
      router: try pack.tensors(EntryName.router),
      heads: manifest.tasks.contains { $0.kind.hasLabels }
        ? try pack.tensors(EntryName.heads) : nil)
  }
}

extension Manifest {
  /// Holds a pack to the backbone it is to run on.
  ///
  /// - Throws: ``RuntimeError``, naming what differs.
  public func checkCompatibility(with backbone: BackboneOutline, profile: Digest?) throws {
    let label = "\(pack) \(version)"
    guard self.backbone.digest == backbone.digest else {
      throw RuntimeError.wrongBackbone(
        pack: label, name: self.backbone.name, digest: self.backbone.digest,
        loadedName: backbone.name, loaded: backbone.digest)
    }
    guard tokenizer == backbone.tokenizerDigest else {
      throw RuntimeError.wrongTokenizer(
        pack: label, digest: tokenizer, loaded: backbone.tokenizerDigest)
    }
    if let profile, self.profile != profile {
      throw RuntimeError.wrongProfile(pack: label, digest: self.profile, loaded: profile)
    }
    guard gateVersion == MoEModel.Dispatcher.gateVersion else {
      throw RuntimeError.wrongGate(
        pack: label, version: gateVersion, known: MoEModel.Dispatcher.gateVersion)
    }
    if let task = tasks.first(where: {
      $0.kind.needsLanguageModel != (backbone.kind == .decoder)
    }) {
      throw RuntimeError.wrongTask(pack: label, task: task.name, kind: task.kind.rawValue)
    }
    let layerCount = backbone.layerCount
    if let layer = experts?.layers.first(where: { !(0..<layerCount).contains($0) }) {
      throw RuntimeError.wrongLayer(pack: label, layer: layer, layerCount: layerCount)
    }
  }
}

extension PackShape {
  /// What a manifest says of the tensors.
  public init(_ manifest: Manifest) {
    let experts = manifest.experts
    self.init(
      layers: experts?.layers ?? [], expertCount: experts?.count ?? 0,
      expertWidth: experts?.width ?? 0, topK: experts?.topK ?? 0,
      rowCount: manifest.dispatcher.rows, ngramShare: manifest.dispatcher.ngramShare,
      threshold: manifest.dispatcher.threshold,
      temperature: manifest.dispatcher.temperature,
      tasks: manifest.tasks.map { Task(name: $0.name, kind: $0.kind, labels: $0.labels) })
  }
}

extension InstalledPack {
  /// Maps one of the pack's tensor files.
  func tensors(_ entry: String) throws -> SafeTensorsFile {
    let file = try required(entry)
    do {
      return try SafeTensorsFile(url: file.url, name: entry, limits: .pack)
    } catch {
      throw damaged(entry, error.message)
    }
  }

  /// Reads what is said of the labels.
  func labels() throws -> LabelCatalog {
    let bytes = try bytes(EntryName.labels)
    do {
      return try LabelCatalog(json: try JSONValue(parsing: bytes))
    } catch let error as JSONSchemaError {
      throw damaged(
        EntryName.labels, "`\(error.path)`: expected \(error.expected), got \(error.got)")
    } catch let error as JSONSyntaxError {
      throw damaged(EntryName.labels, "\(error.reason), at byte \(error.offset)")
    }
  }

  /// Reads a whole entry, held to its recorded size.
  func bytes(_ entry: String) throws -> [UInt8] {
    let file = try required(entry)
    guard let data = try? Data(contentsOf: file.url) else {
      throw damaged(entry, "the file cannot be read")
    }
    guard data.count == file.size else {
      throw damaged(entry, "expected \(file.size) bytes, got \(data.count)")
    }
    return Array(data)
  }

  private func required(_ entry: String) throws -> InstalledEntry {
    guard let file = self.entry(entry) else { throw damaged(entry, "it is not there") }
    return file
  }

  private func damaged(_ entry: String, _ reason: String) -> RuntimeError {
    RuntimeError.damagedEntry(pack: "\(name) \(version)", entry: entry, reason: reason)
  }
}
