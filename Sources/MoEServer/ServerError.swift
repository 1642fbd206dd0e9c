public import MoEBase

/// Why a server does not start, or a key cannot be managed.
public enum ServerError: ActionableError, Equatable {
  /// The keys file cannot be used.
  case keysFile(path: String, expected: String, got: String)
  /// A key of that id is there already.
  case keyExists(id: String)
  /// No key has that id.
  case noKey(id: String)
  /// The address can be reached from other machines, and there are no keys.
  case openToOthers(host: String)
  /// The address cannot be bound.
  case cannotBind(address: String, reason: String)
  /// A file that the server writes cannot be written.
  case cannotWrite(path: String, reason: String)
  /// A receipt is not what it says, or not signed by that key.
  case badReceipt(path: String, reason: String)

  /// A stable word for machines.
  public var code: String {
    switch self {
    case .keysFile: "keys-file"
    case .keyExists: "access-key-exists"
    case .noKey: "access-key-not-found"
    case .openToOthers: "server-open-to-others"
    case .cannotBind: "server-cannot-bind"
    case .cannotWrite: "server-cannot-write"
    case .badReceipt: "receipt-refused"
    }
  }

  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .keysFile(let path, let expected, let got):
      "the keys file `\(path.printable)` is refused: expected \(expected), got \(got)"
    case .keyExists(let id): "there is a key `\(id.printable)` already"
    case .noKey(let id): "there is no key `\(id.printable)`"
    case .openToOthers(let host):
      "`\(host.printable)` can be reached from other machines, expected a keys file or a loopback address"
    case .cannotBind(let address, let reason): "`\(address.printable)` cannot be bound: \(reason)"
    case .cannotWrite(let path, let reason):
      "`\(path.printable)` cannot be written: \(reason)"
    case .badReceipt(let path, let reason): "the receipt `\(path.printable)` is refused: \(reason)"
    }
  }

  /// What to do now.
  public var hint: String {
    switch self {
    case .keysFile: "nothing was done; `moe-pack access add` makes and keeps such a file"
    case .keyExists: "nothing was done; remove it first, or choose another id"
    case .noKey: "nothing was done; `moe-pack access list` shows the keys"
    case .openToOthers:
      "nothing was done; make keys with `moe-pack access add ID --keys FILE` and serve with `--keys FILE`"
    case .cannotBind: "nothing is served; choose another `--host` or `--port`, or end who has it"
    case .cannotWrite: "nothing is served; check the directory, its permissions and the space left"
    case .badReceipt: "count on nothing in it; ask the server for another"
    }
  }

  /// The status the process exits with.
  public var exitCode: ExitCode {
    switch self {
    case .keysFile, .openToOthers: .configuration
    case .keyExists: .refused
    case .noKey: .notFound
    case .cannotBind, .cannotWrite: .inputOutput
    case .badReceipt: .trust
    }
  }
}
