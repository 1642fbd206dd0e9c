public import ArgumentParser
import Foundation
import MoEBase
import MoEPackFormat
import MoEStore

/// `moe-pack trust rotate`.
public struct TrustRotateCommand: MoECommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract:
      "Make the next version of the signed trust root, with other keys, rules or a later end.",
    discussion: """
      It must be signed by as many root keys as the version in force asks for, and by as many of its own. \
      Without changes it is the same for another year.

      Examples:
        moe-pack trust rotate --key root.key
        moe-pack trust rotate --add acme.pub --namespace acme --threshold 2 --key root.key
        moe-pack trust rotate --add-root new.pub --drop-root ed25519:9f3c21aa00b1c2d3 --key old.key --key new.key
      """)

  @OptionGroup var signing: SigningKeyOptions

  @Option(
    help: ArgumentHelp(
      "The namespace the next four are about; * for all others.", valueName: "namespace"))
  var namespace: String?

  @Option(
    help: ArgumentHelp(
      "A public key that may sign for it. May stand several times.", valueName: "key.pub"))
  var add: [Path] = []

  @Option(
    help: ArgumentHelp(
      "The id of a key that may sign for it no longer, without a namespace for none.",
      valueName: "key-id"))
  var drop: [String] = []

  @Option(help: ArgumentHelp("How many different keys must sign its packs.", valueName: "number"))
  var threshold: Int?

  @Option(
    help: ArgumentHelp(
      "What becomes of its packs that lack signatures: enforce refuses them, warn and off do not.",
      valueName: "level"))
  var level: String?

  @Option(help: ArgumentHelp("The public key of a new root key.", valueName: "key.pub"))
  var addRoot: [Path] = []

  @Option(help: ArgumentHelp("The id of a root key that is one no longer.", valueName: "key-id"))
  var dropRoot: [String] = []

  @Option(help: ArgumentHelp("How many root keys must sign each version.", valueName: "number"))
  var rootThreshold: Int?

  @OptionGroup var expiry: ExpiryOptions
  @OptionGroup var output: RootOutputOptions
  /// What every command takes.
  @OptionGroup public var global: GlobalOptions

  /// The words that name it.
  public static let words = "trust rotate"

  /// Makes the command.
  public init() {}

  /// Refuses what contradicts itself.
  public func validate() throws {
    guard !signing.paths.isEmpty else {
      throw ValidationError("--key names a root key to sign with.")
    }
    if let namespace, NamespacePattern(namespace) == nil {
      throw ValidationError("The value '\(namespace.shown())' is no namespace.")
    }
    if let level, TrustLevel(rawValue: level) == nil {
      throw ValidationError("--level takes enforce, warn or off.")
    }
    guard namespace != nil || (add.isEmpty && threshold == nil && level == nil) else {
      throw ValidationError("--add, --threshold and --level are about a --namespace.")
    }
    guard (1...16).contains(threshold ?? 1), (1...16).contains(rootThreshold ?? 1) else {
      throw ValidationError("A threshold is a number from 1 to 16.")
    }
  }

  /// Makes it.
  public func run(_ session: CommandSession) throws {
    let keys = try signing.keys(in: session)
    let store = try session.store()
    var document = try store.nextRoot()
    let namespaces = namespace.flatMap(NamespacePattern.init)
    if let namespaces {
      for path in add {
        document.add(TrustedKey(try PublicKey(file: path.url), namespaces: namespaces))
      }
      document.edit(namespaces) { rule in
        rule.threshold = threshold ?? rule.threshold
        rule.level = level.flatMap(TrustLevel.init) ?? rule.level
      }
    }
    for id in drop {
      guard document.drop(try store.knownKey(id), from: namespaces) else {
        throw TrustError(session.settings.storeDirectory.path, .unknownKey(id))
      }
    }
    for path in addRoot {
      let key = try PublicKey(file: path.url)
      if !document.rootKeys.contains(key) { document.rootKeys.append(key) }
    }
    for id in dropRoot {
      let key = try store.knownKey(id)
      guard document.rootKeys.contains(key) else {
        throw TrustError(session.settings.storeDirectory.path, .unknownKey(id))
      }
      document.rootKeys.removeAll { $0 == key }
    }
    document.rootThreshold = rootThreshold ?? document.rootThreshold
    document.expires = expiry.expiresWithinYear(in: session)
    try output.finish(document, signedBy: keys, session)
  }
}

extension Store {
  /// The version that would follow the signed trust root in force.
  ///
  /// - Throws: `TrustError` where there is none.
  func nextRoot() throws -> RootDocument {
    guard let root = try signedRoots().last?.root else {
      throw TrustError(directory.path, .noSignedRoot)
    }
    return root.document.next
  }
}
