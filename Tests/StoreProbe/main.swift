import Foundation
import MoEBase
import MoEPackFormat
import MoEStore
import StoreTestSupport

// What tools/crash runs beside moe-pack: it makes packs, holds stores to their laws, and plays one of
// many processes. It answers in JSON, one line a store.
//
//   store-probe key FILE                       writes the public key of the packs
//   store-probe pack FILE NAME RELEASE [BACKBONE TOKENIZER PROFILE WIDTH]
//   store-probe trust STORE                    makes a store that trusts the key
//   store-probe run STORE OPERATION [ARGUMENT] install FILE, remove NAME, rollback ID, gc KEEP, repair FILE
//   store-probe summary STORE
//   store-probe laws                           reads {"store","before","after","acknowledged","operation"} lines
//   store-probe hold STORE                     holds the lock until it is killed
//   store-probe random STORE SEED COUNT        random operations, then what came of them

func fail(_ text: String) -> Never {
  FileHandle.standardError.write(Data("store-probe: \(text)\n".utf8))
  exit(1)
}

func answer(_ value: JSONValue) {
  FileHandle.standardOutput.write(Data(value.bytes + [0x0A]))
}

func directory(_ path: String) -> URL { URL(fileURLWithPath: path, isDirectory: true) }

func store(_ path: String) throws -> Store {
  var options = StoreOptions()
  options.lockTimeout = .seconds(120)
  options.command = "store-probe"
  return try Store(at: directory(path), options: options)
}

func operation(_ words: [String]) throws -> StoreOperation {
  let argument = words.count > 1 ? words[1] : ""
  return switch words[0] {
  case "install": .install(Array(try Data(contentsOf: URL(fileURLWithPath: argument))))
  case "repair": .repair(Array(try Data(contentsOf: URL(fileURLWithPath: argument))))
  case "remove": .remove(argument)
  case "rollback": .rollback(Int(argument) ?? 0)
  case "gc": .gc(keep: Int(argument) ?? 10)
  default: fail("no operation `\(words[0])`")
  }
}

func laws() throws {
  var archives: [String: StoreOperation] = [:]
  while let line = readLine() {
    var reader = try JSONReader(try JSONValue(parsing: Array(line.utf8)))
    let path = try reader.string("store")
    let words = try reader.strings("operation")
    let key = words.joined(separator: " ")
    if !words.isEmpty, archives[key] == nil { archives[key] = try operation(words) }
    let outcome = StoreLaws(
      before: try reader.string("before"), after: try reader.string("after"),
      isAcknowledged: try reader.boolean("acknowledged"), operation: archives[key]
    ).check(directory(path))
    answer([
      "store": .string(path), "found": .string(outcome.found),
      "violations": .array(outcome.violations.map(JSONValue.string)),
    ])
  }
}

func pack(_ words: [String]) throws {
  var ground = SmallPack.Ground()
  if words.count > 3 {
    guard words.count == 7, let backbone = Digest(words[3]), let tokenizer = Digest(words[4]),
      let profile = Digest(words[5]), let width = Int(words[6])
    else { fail("expected the digests of backbone, tokenizer and profile, and a width") }
    ground = .init(
      backbone: backbone, tokenizer: tokenizer, profile: profile, featureWidth: width)
  }
  let pack = try SmallPack(words[1], release: Int(words[2]) ?? 1, ground: ground)
  try Data(pack.archive).write(to: URL(fileURLWithPath: words[0]))
  answer(["digest": .digest(pack.digest), "bytes": .integer(pack.archive.count)])
}

func hold(_ path: String) throws {
  try store(path).change(by: "tester", at: "2026-01-02T00:00:00Z") { _ in
    answer(["held": true])
    while true { sleep(1000) }
  }
}

func random(_ path: String, seed: UInt64, count: Int) throws {
  var operations = try RandomOperations(store: try store(path), seed: seed)
  let outcome = operations.run(count)
  answer([
    "changed": .integer(outcome.changed), "refused": .integer(outcome.refused),
    "read": .integer(outcome.read),
    "violations": .array(outcome.violations.map(JSONValue.string)),
  ])
}

let words = Array(CommandLine.arguments.dropFirst())
do {
  switch (words.first, words.count) {
  case ("key", 2): try SmallPack.key().publicKey.write(to: URL(fileURLWithPath: words[1]))
  case ("pack", 4...): try pack(Array(words.dropFirst()))
  case ("trust", 2):
    try store(words[1]).addTrust(
      SmallPack.trusted(), comment: "test", at: "2026-01-01T00:00:00Z")
  case ("run", 3...): try operation(Array(words.dropFirst(2))).run(on: store(words[1]))
  case ("summary", 2): answer(["summary": .string(try store(words[1]).summary())])
  case ("laws", 1): try laws()
  case ("hold", 2): try hold(words[1])
  case ("random", 4):
    try random(words[1], seed: UInt64(words[2]) ?? 1, count: Int(words[3]) ?? 1)
  default: fail("expected key, pack, trust, run, summary, laws or random")
  }
} catch { fail("\(error)") }
