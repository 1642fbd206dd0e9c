import MoEBase
import MoEModel
import MoERuntime

/// Who asks, and what they may use.
struct Caller: Sendable {
  /// What they are called in the audit log and in usage counts.
  let id: String
  let role: AccessKey.Role
  private let allow: [AccessRule]

  init(_ key: AccessKey) {
    id = key.id
    role = key.role
    allow = key.allow
  }

  private init(id: String, role: AccessKey.Role) {
    self.id = id
    self.role = role
    allow = [.everything]
  }

  /// Who asks where there is no keys file: whoever is on this machine.
  static let local = Caller(id: "local", role: .tenant)
  /// Who asks through the administrator's socket.
  static let socket = Caller(id: "socket", role: .administrator)

  /// What a composition looks like to this caller.
  ///
  /// - Parameters:
  ///   - live: The composition.
  ///   - narrowing: What the request itself asks the packs to be, beside the caller's own rules.
  /// - Returns: The packs that may be scored, and why each of the others may not.
  func view(of live: LiveComposition, narrowing: AccessRule? = nil) -> Entitlements {
    var entitlements = Entitlements()
    for pack in live.composition.packs {
      let refusal =
        refusal(of: pack)
        ?? narrowing?.refusal(of: pack.manifest).map { "the request's own \($0)" }
      if let refusal {
        entitlements.masked.append((pack.identity, refusal))
      } else {
        entitlements.packs.append(pack)
      }
    }
    return entitlements
  }

  /// Whether the caller may use a pack.
  func mayUse(_ pack: MountedPack) -> Bool { refusal(of: pack) == nil }

  private func refusal(of pack: MountedPack) -> String? {
    guard role != .administrator else { return nil }
    var first: String?
    for rule in allow {
      guard let refusal = rule.refusal(of: pack.manifest) else { return nil }
      first = first ?? "the key's \(refusal)"
    }
    return first ?? "the key has no rule"
  }
}

/// What a request may use of a composition.
struct Entitlements: Sendable {
  /// The packs that may be scored, in the order of their names.
  var packs: [MountedPack] = []
  /// The others, each with why.
  var masked: [(pack: PackIdentity, reason: String)] = []

  /// The mask as the mixture takes it; `nil` where nothing is masked.
  var permitted: Set<Digest>? {
    masked.isEmpty ? nil : Set(packs.map(\.identity.digest))
  }

  /// The permitted pack of that name, compared byte by byte.
  func pack(named name: String) -> MountedPack? {
    packs.first { $0.identity.name.utf8.elementsEqual(name.utf8) }
  }
}
