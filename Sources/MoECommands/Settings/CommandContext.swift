import MoEPackFormat
public import Foundation
public import MoEBase
import MoEModel
public import MoERuntime
import MoEStore
import MoETensor

/// What a command has from the process it runs in; tests give it another one.
public struct CommandContext: Sendable {
  /// The environment variables.
  public let environment: [String: String]
  /// Where data and messages go.
  public let console: Console
  /// What `-` reads from, an open descriptor.
  public let input: Int32
  /// The time now.
  public let now: @Sendable () -> Date
  /// Who runs it, for the history of a store.
  public let userName: String
  /// The words of the command line, without texts; told to who waits for a lock.
  public let commandName: String
  /// The backbone to run on; where it is `nil`, one of this machine's is loaded.
  public let ground: Installer.Ground?
  /// Lets other processes go before what the calling thread does from now on; a process that is shared, such as
  /// a test's, does not.
  public let giveWay: @Sendable (ThreadPriority.Level) -> Void

  /// Makes a context.
  public init(
    environment: [String: String], console: Console, input: Int32 = STDIN_FILENO,
    now: @escaping @Sendable () -> Date, userName: String, commandName: String = "moe-pack",
    ground: Installer.Ground? = nil,
    giveWay: @escaping @Sendable (ThreadPriority.Level) -> Void = { _ in }
  ) {
    self.environment = environment
    self.console = console
    self.input = input
    self.now = now
    self.userName = userName
    self.commandName = commandName
    self.ground = ground
    self.giveWay = giveWay
  }

  /// The context of the command that is running.
  @TaskLocal static var current: CommandContext?

  /// The time now, in ISO 8601.
  var timestamp: String { now().ISO8601Format() }
}

/// A command at work: its options resolved, what it needs loaded when it is asked for.
public struct CommandSession: Sendable {
  /// Where data and messages go, as the user wants them.
  public let console: Console
  /// The process.
  public let context: CommandContext
  let settings: Settings

  init(_ options: GlobalOptions, in context: CommandContext, name: String) {
    console = context.console.configured(
      verbosity: options.quiet ? .quiet : options.verbose ? .verbose : .normal,
      isColorAllowed: !options.noColor, environment: context.environment)
    self.context = CommandContext(
      environment: context.environment, console: console, input: context.input, now: context.now,
      userName: context.userName, commandName: "moe-pack \(name)", ground: context.ground,
      giveWay: context.giveWay)
    settings = Settings(options, environment: context.environment)
  }

  /// The backbones of this machine.
  var backbones: BackboneRegistry { settings.backbones }

  /// The kernels to run on.
  ///
  /// - Throws: `TensorError`, exit code 78.
  func kernels() throws -> Kernels { try settings.kernels() }

  /// The threads to run on.
  ///
  /// - Throws: `TensorError`, exit code 78.
  func pool() throws -> ThreadPool { try settings.pool() }

  /// Runs `body` with a progress bar that is gone when it returns or throws.
  func withProgress<Result>(_ body: (ProgressBar) throws -> Result) rethrows -> Result {
    let bar = ProgressBar(console)
    defer { bar.clear() }
    return try body(bar)
  }

  // MARK: - Stores

  /// Opens the store for changing it; makes it where there is none.
  ///
  /// - Throws: `StoreError`.
  func store() throws -> Store {
    try Store(at: settings.storeDirectory, options: storeOptions)
  }

  /// Opens the store for reading; `nil` where nothing is yet, which reads like an empty store.
  ///
  /// - Throws: `StoreError`.
  func storeForReading() throws -> Store? {
    guard storeExists() else { return nil }
    return try Store(at: settings.storeDirectory, options: storeOptions)
  }

  /// Whether something lies where the store is to be.
  func storeExists() -> Bool {
    let path = settings.storeDirectory.path
    guard FileManager.default.fileExists(atPath: path) else { return false }
    return (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty != true
  }

  /// How commands work with the store.
  var storeOptions: StoreOptions {
    var options = StoreOptions()
    options.lockTimeout = settings.lockTimeout
    options.command = context.commandName
    options.onWait = { [console] holder in
      console.note("waiting for \(holder.description), which is changing the store")
    }
    return options
  }

  // MARK: - Models

  /// Loads the backbone that packs were made for, the default one where there are none, with its profile
  /// as far as it is needed.
  ///
  /// - Parameters:
  ///   - packs: The packs of the store.
  ///   - arriving: Where there are none, the backbone of what comes in.
  ///   - precision: What its linear maps are computed in.
  ///   - needsProbes: Whether the profile's neutral texts are needed; without them its digest is enough.
  /// - Returns: The backbone, its profile and the probes.
  /// - Throws: `BackboneError`, `TensorError`, `StoreError`.
  func ground(
    for packs: [InstalledPack], arriving: Manifest.Backbone? = nil, precision: Precision,
    needsProbes: Bool = false
  ) throws -> Installer.Ground {
    if let ground = context.ground {
      return Installer.Ground(
        backbone: try ground.backbone.converted(to: precision), profile: ground.profile,
        probes: ground.probes)
    }
    let entry = try backboneEntry(for: packs, arriving: arriving)
    try entry.checkFiles()
    let backbone = try Backbone(
      entry.known, files: entry.files, kernels: try kernels(), precision: precision)
    guard needsProbes else {
      let digest = entry.hasProfile ? try backbones.profileDigest(of: entry) : nil
      return Installer.Ground(backbone: backbone, profile: digest, probes: [])
    }
    let (profile, digest) = try backbones.profile(of: entry, width: backbone.featureWidth)
    return Installer.Ground(backbone: backbone, profile: digest, probes: profile.probes)
  }

  /// Tells of the backbone that packs were made for, the default one where there are none, without loading it.
  ///
  /// Installed packs stand for the profile they were made from, which was hashed when they came in.
  ///
  /// - Throws: `BackboneError`, `StoreError`.
  func outline(
    for packs: [InstalledPack], arriving: Manifest.Backbone? = nil
  ) throws -> Installer.Outline {
    if let ground = context.ground { return ground.outline }
    let entry = try backboneEntry(for: packs, arriving: arriving)
    let profile = try packs.first?.manifest().profile
    return Installer.Outline(
      backbone: try BackboneOutline(entry.known, files: entry.files),
      profile: try profile ?? (entry.hasProfile ? backbones.profileDigest(of: entry) : nil))
  }

  /// The threads of a change, which gives way where a server answers from the store: it then gets what others leave of
  /// the processors, and its regression suite a single thread.
  ///
  /// - Throws: `TensorError`, exit code 78.
  func changePool(_ checking: Installer.Checking) throws -> ThreadPool {
    guard Store.isServed(at: settings.storeDirectory.path) else { return try pool() }
    context.giveWay(.background)
    return checking == .suite ? ThreadPool(threads: 1) : try pool()
  }

  /// What changes the packs of a store.
  ///
  /// - Parameters:
  ///   - store: The store.
  ///   - packs: What is active in it.
  ///   - pool: The threads of the suite.
  ///   - progress: Told how far it is.
  ///   - needsProbes: Whether the profile's neutral texts are needed where the backbone is loaded.
  /// - Returns: An installer that loads the backbone where a change needs it.
  /// - Throws: ``ConfigurationError``.
  func installer(
    for store: Store, _ packs: [InstalledPack], pool: ThreadPool,
    progress: @escaping ProgressHandler = { _ in }, needsProbes: Bool = true
  ) throws -> Installer {
    Installer(
      store: store, pool: pool, limits: try settings.limits(), progress: progress,
      outlineFor: { try outline(for: packs, arriving: $0) },
      groundFor: {
        try ground(for: packs, arriving: $0, precision: $1, needsProbes: needsProbes)
      })
  }

  /// Loads the active generation of the store.
  ///
  /// - Parameter precision: What to compute in instead of the store's precision.
  /// - Returns: The composition.
  /// - Throws: `StoreError`, `BackboneError`, `RuntimeError`, `TensorError`.
  func composition(in precision: Precision? = nil) throws -> Composition {
    let active = try storeForReading()?.active()
    return try composition(
      of: active,
      on: try ground(
        for: active?.packs ?? [], precision: precision ?? active?.precision ?? .f32))
  }

  /// Loads the active generation of the store, which must be there.
  ///
  /// - Throws: `StoreError`, `BackboneError`, `RuntimeError`, `TensorError`.
  func activeComposition() throws -> (generation: Generation, composition: Composition) {
    guard let active = try storeForReading()?.active() else {
      throw StoreError.notAStore(
        path: settings.storeDirectory.path, reason: "there is nothing in it yet")
    }
    return (
      active,
      try composition(
        of: active, on: try ground(for: active.packs, precision: active.precision))
    )
  }

  /// Loads a generation, packs and threshold; the empty one where it is `nil`.
  ///
  /// - Throws: `StoreError`, `RuntimeError`.
  func composition(
    of generation: Generation?, on ground: Installer.Ground
  ) throws -> Composition {
    try Composition(
      backbone: ground.backbone, profile: ground.profile, generation: generation?.id ?? 0,
      packs: generation?.packs ?? [],
      dispatcher: Dispatcher(threshold: generation?.threshold ?? Generation.defaultThreshold))
  }

  /// Loads the tokenizer of the default backbone, and nothing else of it.
  ///
  /// - Throws: `BackboneError` or `TokenizerError`.
  func tokenizer() throws -> Tokenizer {
    if let ground = context.ground { return ground.backbone.tokenizer }
    let entry = try backboneEntry(for: [])
    try entry.checkFiles(["config.json", "sentence_bert_config.json", "tokenizer.json"])
    let files = entry.files
    return try Tokenizer(
      json: try files.bytes("tokenizer.json"),
      maximumLength: try EncoderConfiguration(files: files).maximumTokens)
  }

  private func backboneEntry(
    for packs: [InstalledPack], arriving: Manifest.Backbone? = nil
  ) throws -> BackboneRegistry.Entry {
    guard let wanted = try packs.first?.manifest().backbone ?? arriving else {
      return try backbones.entry(KnownBackbone.miniLM.name)
    }
    // Not registered: the name says more to a person than the digest does.
    let isKnown = backbones.entries().contains { $0.known.digest == wanted.digest }
    return try backbones.entry(isKnown ? wanted.digest.description : wanted.name)
  }
}
