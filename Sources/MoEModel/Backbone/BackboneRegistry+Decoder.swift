import Foundation
public import MoEBase
import MoETensor
import SafeTensors

extension BackboneRegistry {
  /// Registers a causal language model from a Hugging Face checkpoint as it lies on disk.
  ///
  /// Its weights are written as panels, of the same size, which the kernels read in place; its small files are
  /// copied. All of it happens in a hidden directory that is renamed at the end: an interruption or a
  /// refusal leaves the registry as it was. The checkpoint is not needed afterwards.
  ///
  /// - Parameters:
  ///   - directory: The checkpoint.
  ///   - name: What to call it here; the directory's name where absent.
  ///   - progress: Told what is done, how far, and of how much.
  /// - Returns: The entry, and whether it was added now.
  /// - Throws: ``BackboneError``, `SafeTensorsError` or `TokenizerError`; nothing is registered then.
  func addDecoder(
    from directory: URL, name: String?,
    progress: ((_ what: String, _ done: Int, _ total: Int) -> Void)?
  ) throws -> (entry: Entry, isNew: Bool) {
    let source = BackboneFiles(directory: directory)
    let name = try decoderName(name, directory: directory)
    let architecture = try DecoderConfiguration.architecture(try source.json("config.json"))
    let checkpoint = try Checkpoint(source)
    let manager = FileManager.default
    let small = BackboneFiles.decoderFiles.filter {
      manager.fileExists(atPath: source.url($0).path)
    }
    try LanguageModel.check(source, architecture: architecture)
    progress?("hashing the checkpoint", 0, 0)
    let digests = try source.digests(of: small + checkpoint.fileNames)
    let known = KnownBackbone(
      name: name, source: directory.standardizedFileURL.lastPathComponent, license: "unknown",
      files: digests, profileDigest: nil, kind: .decoder)
    if let entry = entries().first(where: { $0.known.digest == known.digest }) {
      return (entry, false)
    }
    if let other = entries().first(where: { $0.known.name == name })?.known
      ?? KnownBackbone.all.first(where: { $0.name == name })
    {
      throw BackboneError.nameTaken(name: name, digest: other.digest)
    }
    let target = root.appending(path: known.digest.hex)
    let staging = root.appending(path: ".staging-\(known.digest.hex)")
    do {
      try? manager.removeItem(at: staging)
      try manager.createDirectory(at: staging, withIntermediateDirectories: true)
      for file in small {
        let copy = staging.appending(path: file)
        try manager.copyItem(at: source.url(file), to: copy)
        try copy.synchronize()
      }
      let panels = staging.appending(path: PanelFile.name)
      try PanelFile.write(checkpoint, architecture: architecture, to: panels) {
        progress?("writing its panels", $0, $1)
      }
      let record = BackboneRecord(known: known, panels: try Digest(file: panels))
      let file = staging.appending(path: BackboneRecord.name)
      try Data(record.json.bytes).write(to: file)
      try file.synchronize()
      try? manager.removeItem(at: target)
      try manager.moveItem(at: staging, to: target)
      try root.synchronize()
    } catch let error as CocoaError {
      try? manager.removeItem(at: staging)
      throw BackboneError.unreadable(path: target.path, reason: error.localizedDescription)
    } catch {
      try? manager.removeItem(at: staging)
      throw error
    }
    return (Entry(known: known, files: BackboneFiles(directory: target)), true)
  }

  private func decoderName(_ name: String?, directory: URL) throws -> String {
    if let name {
      guard BackboneRecord.isName(name) else { throw BackboneError.badName(name) }
      return name
    }
    let last = directory.standardizedFileURL.lastPathComponent.lowercased()
    guard BackboneRecord.isName(last) else { throw BackboneError.badName(last) }
    return last
  }

  /// The registered language models, ordered by their names.
  func decoderEntries() -> [Entry] {
    let directories =
      (try? FileManager.default.contentsOfDirectory(
        at: root, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])) ?? []
    return directories.compactMap { directory in
      let files = BackboneFiles(directory: directory)
      guard let record = try? BackboneRecord(files),
        record.known.digest.hex == directory.lastPathComponent,
        FileManager.default.fileExists(atPath: files.url(PanelFile.name).path)
      else { return nil }
      return Entry(known: record.known, files: files)
    }.sorted { $0.known.name.utf8.lexicographicallyPrecedes($1.known.name.utf8) }
  }
}

extension BackboneRegistry.Entry {
  /// The files that lie in a language model's directory, with the digests written down for them.
  ///
  /// - Throws: ``BackboneError`` where its record cannot be read.
  public func keptFiles() throws -> [(name: String, expected: Digest)] {
    guard let record = try BackboneRecord(files) else {
      throw BackboneError.missingFile(name: BackboneRecord.name, directory: files.directory.path)
    }
    return known.files.filter { BackboneFiles.decoderFiles.contains($0.key) }
      .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { (name: $0.key, expected: $0.value) }
      + [(name: PanelFile.name, expected: record.panels)]
  }
}
