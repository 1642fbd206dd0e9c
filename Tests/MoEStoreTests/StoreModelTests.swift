import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import Testing

/// Random operations against a dictionary that says what should be installed.
@Suite struct StoreModelTests {
  private let directory: TemporaryDirectory
  private let kit: PackKit
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    kit = try PackKit()
    store = try Store.made(in: directory, kit)
  }

  @Test func `a hundred and fifty random changes keep the laws and a model's packs`() throws {
    let seed: UInt64 = 20_260_101
    var generator = SeededGenerator(seed: seed)
    var model: [String: Int] = [:]
    var highest: [String: Int] = [:]
    var sets: [[String: Int]] = [[:]]
    var archives: [String: [UInt8]] = [:]
    for step in 0..<150 {
      let name = "example/p\(generator.below(4))"
      let release = generator.below(4) + 1
      let comment: Comment = "seed \(seed), step \(step)"
      switch generator.below(4) {
      case 0, 1:
        let id = "\(name)-\(release)"
        let archive =
          try archives[id]
          ?? kit.archive(name, version: "\(release).0.0", release: release, value: Float(release))
        archives[id] = archive
        let isTaken = model[name] != release && release >= highest[name] ?? 0
        if isTaken {
          try store.install(archive)
          model[name] = release
          highest[name] = release
          sets.append(model)
        } else {
          #expect(throws: StoreError.self, comment) { try store.install(archive) }
        }
      case 2:
        if model[name] == nil {
          #expect(throws: StoreError.self, comment) { try store.remove(name) }
        } else {
          try store.remove(name)
          model[name] = nil
          sets.append(model)
        }
      default:
        let id = sets.count - 1 - generator.below(min(sets.count, 3))
        try store.change(by: "model", at: "2026-01-01T00:00:00Z") { transaction in
          try transaction.restore(generation: id)
          return .unproven
        }
        model = sets[id]
        sets.append(model)
        _ = try store.gc(keep: 5, graceSeconds: 0, now: .distantFuture)
      }
      let active = try store.active()
      #expect(active.id == sets.count - 1, comment)
      let packs = Dictionary(
        uniqueKeysWithValues: active.packs.map { ($0.name.description, $0.release) })
      #expect(packs == model, comment)
    }
    try store.checkLaws()
  }
}
