import Foundation
import Testing

/// What each target may import.
///
/// This table is the architecture diagram; the README's section on the house shows it to people.
private let floors: [String: Set<String>] = {
  let floor1: Set = ["MoEBase"]
  let floor2: Set = ["SafeTensors", "MoETensor"]
  let floor3: Set = ["MoEModel", "MoEPackFormat"]
  let floor4: Set = ["MoETraining", "MoEEval", "MoEStore"]
  let floor5: Set = ["MoERuntime", "MoEAuthoring"]
  let upToFour = floor1.union(floor2).union(floor3).union(floor4)
  return [
    // Floor 0: system libraries (module maps), the kernels in C, what runs before anything of Swift.
    "CBLAS": [], "CArchive": [], "CGivingWay": [], "CKernels": [],
    // Floor 1
    "MoEBase": ["Crypto"],
    // Floor 2
    "SafeTensors": floor1,
    "MoETensor": floor1.union(["CBLAS", "CKernels"]),
    // Floor 3
    "MoEModel": floor1.union(floor2),
    "MoEPackFormat": floor1.union(["SafeTensors", "CArchive", "Crypto"]),
    // Floor 4
    "MoETraining": floor1.union(floor2).union(["MoEModel"]),
    "MoEEval": floor1.union(["MoEModel", "MoETensor"]),
    "MoEStore": floor1.union(["MoEPackFormat", "GRDB"]),
    // Floor 5
    "MoERuntime": upToFour.subtracting(["MoETraining"]),
    "MoEAuthoring": upToFour.subtracting(["MoEStore"]).union(["Yams"]),
    // Floor 6
    "MoEServer": upToFour.union(floor5).subtracting(["MoETraining", "MoEAuthoring"]).union(http),
    // Floor 7
    "MoECommands": upToFour.union(floor5).union(["MoEServer", "ArgumentParser"]),
    // Floor 8
    "moe-pack": ["MoECommands"],
  ]
}()

/// Hummingbird, with the packages whose types its interface is made of.
private let http: Set = [
  "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOHTTPTypes",
  "ServiceLifecycle", "UnixSignals", "Logging", "CoreMetrics",
]

/// Modules of the toolchain, open to every target.
private let free: Set = [
  "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Glibc", "Darwin", "Musl",
]

/// One foreign library, one importing target; Crypto has two: digests and signatures.
private let soleImporters: [String: Set<String>] = Dictionary(
  uniqueKeysWithValues: http.map { ($0, ["MoEServer"]) }
).merging([
  "Crypto": ["MoEBase", "MoEPackFormat"],
  "CBLAS": ["MoETensor"],
  "CKernels": ["MoETensor"],
  "CArchive": ["MoEPackFormat"],
  "GRDB": ["MoEStore"],
  "Yams": ["MoEAuthoring"],
  "ArgumentParser": ["MoECommands"],
]) { $1 }

@Suite struct ImportFloorTests {
  static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

  @Test func `every import stays within its floor`() throws {
    let files = try SourceFile.all(under: Self.sources)
    try #require(files.count > 100, "the sources lie in `\(Self.sources.path)`")
    for violation in importViolations(in: files) { Issue.record(Comment(rawValue: violation)) }
  }

  @Test func `every target is in the table, and every row is a target`() throws {
    let targets = try Set(SourceFile.all(under: Self.sources).map(\.target))
    #expect(targets == Set(floors.keys))
  }

  @Test func `a foreign library has the importers that the table names, and no floor grants more`()
  {
    for (library, importers) in soleImporters {
      let granted = Set(floors.filter { $0.value.contains(library) }.keys)
      #expect(granted == importers, "\(library)")
    }
  }

  @Test func `no target stands above one that imports it`() {
    var settled: Set<String> = []
    var left = floors
    while let (name, _) = left.sorted(by: { $0.key < $1.key })
      .first(where: { $0.value.allSatisfy { settled.contains($0) || floors[$0] == nil } })
    {
      settled.insert(name)
      left[name] = nil
    }
    #expect(left.isEmpty, "these import each other in a circle: \(left.keys.sorted())")
  }

  @Test func `files are short and folders are named after what is in them`() throws {
    let files = try SourceFile.all(under: Self.sources)
    for violation in layoutViolations(in: files) { Issue.record(Comment(rawValue: violation)) }
  }

  @Test(arguments: [
    "import MoEModel", "public import MoEModel", "internal import MoEModel",
    "private import MoEModel", "fileprivate import MoEModel", "package import MoEModel",
    "@_exported import MoEModel", "@testable public import MoEModel",
    "@preconcurrency import MoEModel", "import struct MoEModel.Tokenizer", "  import MoEModel.Sub",
    "let x = 1; import MoEModel", "import Foundation; import MoEModel",
    "#if canImport(MoEModel)\nimport MoEModel\n#endif", "import\tMoEModel // comment",
    "@_spi(Name) import MoEModel", "import `MoEModel`",
  ])
  func `a planted import is caught`(text: String) {
    let file = SourceFile(path: "MoEStore/Blobs/Planted.swift", text: text)
    #expect(importViolations(in: [file]).count == 1)
  }

  @Test(arguments: [
    "// import MoEModel", "/// import MoEModel", "let important = MoEModel",
    "/* import MoEModel */",
    "/*\nimport MoEModel\n*/", "let text = \"import MoEModel\"", "public import MoEPackFormat",
    "internal import GRDB", "import Foundation", "let text = \"\"\"\n  import MoEModel\n  \"\"\"",
  ])
  func `what is no import, or an allowed one, is let pass`(text: String) {
    let file = SourceFile(path: "MoEStore/Blobs/Planted.swift", text: text)
    #expect(importViolations(in: [file]).isEmpty)
  }

  @Test func `an import of a C header is held to the floors too`() {
    let file = SourceFile(
      path: "CKernels/planted.c", text: "#include <cblas.h>\n#include \"v16.h\"\n#include <math.h>")
    #expect(importViolations(in: [file]).count == 1)
  }

  @Test func `a long file, and a folder named Utils, are caught`() {
    let long = SourceFile(
      path: "MoEBase/Long.swift", text: String(repeating: "\n", count: SourceFile.lineLimit + 1))
    let utility = SourceFile(path: "MoEBase/Utils/Digest.swift", text: "")
    let helper = SourceFile(path: "MoEBase/StringHelpers.swift", text: "")
    #expect(layoutViolations(in: [long, utility, helper]).count == 3)
  }
}

private func importViolations(in files: [SourceFile]) -> [String] {
  files.flatMap { file in
    file.imports.compactMap { module in
      guard let allowed = floors[file.target] else {
        return "`\(file.path)`: target `\(file.target)` is not in the table"
      }
      if module == file.target || free.contains(module) || allowed.contains(module) { return nil }
      let list = allowed.sorted().joined(separator: ", ")
      return "`\(file.path)` imports `\(module)`, expected one of: \(list)"
    }
  }
}

private func layoutViolations(in files: [SourceFile]) -> [String] {
  let banned = ["util", "helper", "common", "misc", "shared"]
  return files.flatMap { file in
    var violations: [String] = []
    if file.lineCount > SourceFile.lineLimit {
      violations.append(
        "`\(file.path)` has \(file.lineCount) lines, expected at most \(SourceFile.lineLimit)")
    }
    let words = file.path.lowercased().split { !$0.isLetter }
    for ban in banned where words.contains(where: { $0.hasSuffix(ban) || $0.hasSuffix(ban + "s") })
    {
      violations.append(
        "`\(file.path)`: a file or folder is named after its contents, not `\(ban)`")
    }
    return violations
  }
}
