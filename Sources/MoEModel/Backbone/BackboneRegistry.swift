public import Foundation
public import MoEBase
public import MoETensor

/// The backbones of this machine: a directory for each, named by its digest, shared by all stores.
///
/// `<root>/<64 hex>/` holds the covered files, and `profile/` the backbone profile once it was made.
public struct BackboneRegistry: Sendable {
  /// Where the backbones lie.
  public let root: URL

  /// Names a registry; nothing is read or made.
  public init(root: URL) {
    self.root = root
  }

  /// One registered backbone.
  public struct Entry: Sendable {
    /// What it is.
    public let known: KnownBackbone
    /// Its files.
    public let files: BackboneFiles
    /// Where its profile lies.
    public var profileDirectory: URL { files.directory.appending(path: "profile") }
    /// Whether its profile has been made.
    public var hasProfile: Bool {
      BackboneProfile.fileNames.allSatisfy {
        FileManager.default.fileExists(atPath: profileDirectory.appending(path: $0).path)
      }
    }
  }

  /// The registered backbones: the known ones in their order, then language models by name.
  public func entries() -> [Entry] { pinnedEntries() + decoderEntries() }

  private func pinnedEntries() -> [Entry] {
    KnownBackbone.all.compactMap { known in
      let directory = root.appending(path: known.digest.hex)
      let isComplete = known.files.keys.allSatisfy {
        FileManager.default.fileExists(atPath: directory.appending(path: $0).path)
      }
      return isComplete ? Entry(known: known, files: BackboneFiles(directory: directory)) : nil
    }
  }

  /// The backbone of that name, or of that digest.
  ///
  /// - Throws: ``BackboneError/notRegistered(name:registered:)``.
  public func entry(_ name: String) throws -> Entry {
    let all = entries()
    guard
      let entry = all.first(where: { $0.known.name == name || $0.known.digest.description == name })
    else {
      throw BackboneError.notRegistered(name: name, registered: all.map(\.known.name))
    }
    return entry
  }

  /// Loads the backbone of that name.
  ///
  /// - Throws: ``BackboneError`` and what loading throws.
  public func load(_ name: String, kernels: Kernels) throws -> Backbone {
    let entry = try entry(name)
    return try Backbone(entry.known, files: entry.files, kernels: kernels)
  }

  /// Loads the language model of that name; the only one where no name is given.
  ///
  /// - Throws: ``BackboneError`` and what loading throws.
  public func languageModel(_ name: String?, kernels: Kernels) throws -> LanguageModel {
    let models = decoderEntries()
    guard let name else {
      guard let only = models.first, models.count == 1 else {
        throw BackboneError.noOnlyModel(names: models.map(\.known.name))
      }
      return try LanguageModel(Backbone(only.known, files: only.files, kernels: kernels))
    }
    return try LanguageModel(try load(name, kernels: kernels))
  }

  /// Loads the profile of a registered backbone.
  ///
  /// - Throws: ``BackboneError/noProfile(name:)`` or ``BackboneError/badProfile(reason:)``.
  public func profile(of entry: Entry, width: Int) throws -> (
    profile: BackboneProfile, digest: Digest
  ) {
    guard entry.hasProfile else { throw BackboneError.noProfile(name: entry.known.name) }
    return try BackboneProfile.load(directory: entry.profileDirectory, width: width)
  }

  /// The digest of a registered backbone's profile, without loading it.
  ///
  /// - Throws: ``BackboneError/noProfile(name:)`` or ``BackboneError/unreadable(path:reason:)``.
  public func profileDigest(of entry: Entry) throws -> Digest {
    guard entry.hasProfile else { throw BackboneError.noProfile(name: entry.known.name) }
    var digests: [String: Digest] = [:]
    for name in BackboneProfile.fileNames {
      let file = entry.profileDirectory.appending(path: name)
      do {
        digests[name] = try Digest(file: file)
      } catch {
        throw BackboneError.unreadable(path: file.path, reason: "\(error)")
      }
    }
    return Digest(fileSet: digests)
  }

  /// Registers a backbone from a directory: a known encoder, or a language model of a family that is understood.
  ///
  /// - Parameters:
  ///   - directory: Where the files lie now.
  ///   - name: What to call a language model here; the directory's name where absent.
  ///   - progress: Told what is done, how far, and of how much.
  /// - Returns: The entry, and whether it was added now.
  /// - Throws: ``BackboneError``, `SafeTensorsError` or `TokenizerError`; nothing is registered then.
  public func add(
    from directory: URL, name: String? = nil,
    progress: ((_ what: String, _ done: Int, _ total: Int) -> Void)? = nil
  ) throws -> (entry: Entry, isNew: Bool) {
    let config = try BackboneFiles(directory: directory).json("config.json")
    if config["model_type"] == "bert" {
      progress?("checking and copying", 0, 0)
      return try addEncoder(from: directory)
    }
    return try addDecoder(from: directory, name: name, progress: progress)
  }

  /// Copies a backbone's files into the registry, checking every one against its pin.
  ///
  /// The files are copied to a hidden directory, hashed there, synced, and renamed in one step; an
  /// interruption leaves the registry as it was. Adding a backbone that is there changes nothing.
  ///
  /// - Parameter directory: Where the files lie now; what else lies there is ignored.
  /// - Returns: The entry, and whether it was added now.
  /// - Throws: ``BackboneError``; nothing is registered then.
  private func addEncoder(from directory: URL) throws -> (entry: Entry, isNew: Bool) {
    let source = BackboneFiles(directory: directory)
    let digests = try source.digests()
    let digest = Digest(fileSet: digests)
    guard let known = KnownBackbone.all.first(where: { $0.digest == digest }) else {
      try Self.explain(digests)
      throw BackboneError.unknownBackbone(
        directory: directory.path, digest: digest,
        known: KnownBackbone.all.map { "`\($0.name)` (\($0.source))" })
    }
    if let entry = entries().first(where: { $0.known.digest == digest }),
      Digest(fileSet: try entry.files.digests()) == digest
    {
      return (entry, false)
    }
    let target = root.appending(path: digest.hex)
    let staging = root.appending(path: ".staging-\(digest.hex)")
    let manager = FileManager.default
    do {
      try? manager.removeItem(at: staging)
      try manager.createDirectory(at: staging, withIntermediateDirectories: true)
      for name in BackboneFiles.covered {
        let copy = staging.appending(path: name)
        try manager.createDirectory(
          at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
        try manager.copyItem(at: source.url(name), to: copy)
        try copy.synchronize()
      }
      for (name, got) in try BackboneFiles(directory: staging).digests()
      where got != known.files[name] {
        throw BackboneError.wrongFile(name: name, expected: known.files[name] ?? got, got: got)
      }
      let profile = target.appending(path: "profile")
      if manager.fileExists(atPath: profile.path) {
        try manager.moveItem(at: profile, to: staging.appending(path: "profile"))
      }
      try? manager.removeItem(at: target)
      try manager.moveItem(at: staging, to: target)
      try root.synchronize()
    } catch let error as BackboneError {
      try? manager.removeItem(at: staging)
      throw error
    } catch {
      try? manager.removeItem(at: staging)
      throw BackboneError.unreadable(path: target.path, reason: error.localizedDescription)
    }
    return (Entry(known: known, files: BackboneFiles(directory: target)), true)
  }

  /// Writes a backbone's profile, replacing an earlier one in one step.
  ///
  /// - Throws: ``BackboneError/unreadable(path:reason:)``.
  public func write(profile files: [String: [UInt8]], of entry: Entry) throws {
    let manager = FileManager.default
    let target = entry.profileDirectory
    let staging = entry.files.directory.appending(path: ".staging-profile")
    do {
      try? manager.removeItem(at: staging)
      try manager.createDirectory(at: staging, withIntermediateDirectories: true)
      for (name, bytes) in files {
        let file = staging.appending(path: name)
        try Data(bytes).write(to: file)
        try file.synchronize()
      }
      try? manager.removeItem(at: target)
      try manager.moveItem(at: staging, to: target)
      try entry.files.directory.synchronize()
    } catch {
      try? manager.removeItem(at: staging)
      throw BackboneError.unreadable(path: target.path, reason: error.localizedDescription)
    }
  }

  /// Names the file that differs where all but one or some are those of a known backbone.
  private static func explain(_ digests: [String: Digest]) throws {
    for known in KnownBackbone.all {
      let altered = digests.keys.sorted().filter { digests[$0] != known.files[$0] }
      guard altered.count < digests.count, let name = altered.first,
        let expected = known.files[name], let got = digests[name]
      else { continue }
      throw BackboneError.wrongFile(name: name, expected: expected, got: got)
    }
  }
}

extension URL {
  /// Brings a file or directory to the disk.
  func synchronize() throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CocoaError(.fileReadUnknown) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }
}
