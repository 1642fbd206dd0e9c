import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import StoreTestSupport

extension FuzzTarget {
  /// The store against a model in memory: two bytes an operation, and a third where a system call fails.
  public static let store = FuzzTarget(
    name: "store", largestInput: 48,
    seeds: {
      [
        [0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 3, 1, 0, 4, 2, 0],
        [0, 0, 0, 0x80, 5, 9, 1, 1, 0, 0x83, 1, 3, 4, 0, 0],
        [0, 0, 0, 0, 2, 0, 0, 4, 0, 2, 0, 0, 3, 2, 0, 4, 0, 0, 5, 0, 0],
        [0, 3, 0, 0, 2, 0, 0x82, 3, 20, 0x84, 0, 6, 6, 0, 0],
      ]
    },
    run: { input in
      do {
        var play = try StorePlay()
        try play.run(input)
      } catch { fatalError("the store: \(error)") }
    })
}

/// A store and what it should hold.
private struct StorePlay {
  private static let names = ["example/one", "example/two"]
  private static let archives: [[[UInt8]]] = names.map { name in
    (1...3).map { release in
      guard let pack = try? SmallPack(name, release: release) else {
        fatalError("the packs of the tests cannot be made")
      }
      return pack.archive
    }
  }

  /// A store that trusts the key and holds nothing, made once and copied for each input.
  private static let template: URL = {
    let url = scratch("store-template")
    try? FileManager.default.removeItem(at: url)
    guard let store = try? Store(at: url), let key = try? SmallPack.trusted(),
      (try? store.addTrust(key, comment: "", at: "2026-01-01T00:00:00Z")) == true
    else { fatalError("no store can be made in \(url.path)") }
    return url
  }()

  private let directory: URL
  private let files = FaultyFileSystem()
  private var store: Store
  private var sets: [[String: Int]] = [[:]]
  private var highest: [String: Int] = [:]
  private var oldestKept = 0

  init() throws {
    directory = scratch("store")
    try FileManager.default.removeItem(at: directory)
    try FileManager.default.copyItem(at: Self.template, to: directory)
    store = try Self.open(directory, files)
  }

  private static func open(_ directory: URL, _ files: FaultyFileSystem) throws -> Store {
    var options = StoreOptions()
    options.fileSystem = files
    return try Store(at: directory, options: options)
  }

  mutating func run(_ input: [UInt8]) throws {
    var start = 0
    while start + 2 < input.count, start < 48 {
      try step(input[start], Int(input[start + 1]), Int(input[start + 2]))
      start += 3
    }
    try finish()
  }

  /// One operation; the bit 0x80 of `code` has the call of number `fault` and all after it fail.
  private mutating func step(_ code: UInt8, _ argument: Int, _ fault: Int) throws {
    let active = sets[sets.count - 1]
    let isFaulty = code & 0x80 != 0
    files.set(
      isFaulty ? .failure(fault % 32 + 1...Int.max, fault & 0x40 == 0 ? ENOSPC : EIO) : nil)
    var next: [String: Int]?
    let operation: StoreOperation
    switch code & 7 {
    case 0, 1:
      let (name, release) = (Self.names[argument & 1], argument / 2 % 3 + 1)
      operation = .install(Self.archives[argument & 1][release - 1])
      if active[name] != release, release >= highest[name] ?? 0 {
        next = active.merging([name: release]) { $1 }
      }
    case 2:
      operation = .remove(Self.names[argument & 1])
      if active[Self.names[argument & 1]] != nil {
        next = active.filter { $0.key != Self.names[argument & 1] }
      }
    case 3:
      let id = argument % (sets.count + 1)
      operation = .rollback(id)
      if id < sets.count, id >= oldestKept { next = sets[id] }
    case 4: operation = .gc(keep: argument % 4 + 1)
    case 5:
      files.set(nil)
      store = try Self.open(directory, files)
      return
    default:
      files.set(nil)
      _ = try store.recover()
      return
    }
    try make(
      operation, expecting: next, keep: code & 7 == 4 ? argument % 4 + 1 : nil, isFaulty: isFaulty)
  }

  private mutating func make(
    _ operation: StoreOperation, expecting next: [String: Int]?, keep: Int?, isFaulty: Bool
  ) throws {
    do {
      try operation.run(on: store)
      files.set(nil)
      require(next != nil || keep != nil, "what makes no sense was done: \(operation)")
      if let next {
        for (name, release) in next { highest[name] = max(highest[name] ?? 0, release) }
        sets.append(next)
      }
      if let keep { oldestKept = max(oldestKept, sets.count - keep) }
    } catch {
      files.set(nil)
      let isRefusal = StoreOperation.isRefusal(error)
      require(isRefusal || isFaulty, "\(operation) failed: \(error)")
      require(next == nil || isFaulty, "\(operation) was refused: \(error)")
      // A gc that failed may have let its generations go already.
      if let keep, try store.history().first(where: \.isKept)?.id ?? 0 > oldestKept {
        oldestKept = max(oldestKept, sets.count - keep)
      }
    }
    try compare()
  }

  private func compare() throws {
    let active = try store.active()
    require(active.id == sets.count - 1, "generation \(active.id), expected \(sets.count - 1)")
    let packs = Dictionary(
      active.packs.map { ($0.name.description, $0.release) }, uniquingKeysWith: { $1 })
    require(packs == sets[sets.count - 1], "\(packs), expected \(sets[sets.count - 1])")
  }

  private func finish() throws {
    let found = try store.summary()
    let outcome = StoreLaws(before: found, after: found).check(directory)
    require(outcome.violations.isEmpty, "\(outcome.violations)")
  }
}
