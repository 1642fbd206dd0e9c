import Foundation
import MoEBase
import MoETestSupport
import Testing

/// `export` and `pack import`, on a checkpoint and packs of the model's tests.
@Suite struct InterchangeCommandTests {
  private static let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "MoEModelTests")
  private static let packs = model.appending(path: "Interchange/Golden/olmoe/packs").path

  /// A bench where the checkpoint is registered as `base`.
  private func bench() throws -> CommandBench {
    let bench = try CommandBench(onTinyBackbone: false)
    let checkpoint = Self.model.appending(path: "Decoder/Golden/olmoe").path
    let added = try bench.run("backbone", "add", checkpoint, "--name", "base")
    try #require(added.status == 0, "\(added.messages)")
    return bench
  }

  @Test func `a pack goes out in a checkpoint and comes back`() throws {
    let bench = try bench()
    let checkpoint = bench.directory.path("flat")
    let exported = try bench.run(
      "export", "--format", "hf", checkpoint, "--backbone", "base", "--tensors",
      "\(Self.packs)/narrow", "--tensors", "\(Self.packs)/wide")
    #expect(exported.status == 0)
    #expect(exported.lines.first?.hasPrefix("\(checkpoint): ") == true)
    #expect(exported.output.contains("7 to 8"))
    #expect(exported.messages.contains("BF16 of the backbone does not hold the packs' numbers"))
    let back = bench.directory.path("back")
    let imported = try bench.run(
      "pack", "import", checkpoint, "--backbone", "base", "--experts", "7-8", "-o", back, "--json")
    #expect(imported.status == 0)
    let told = try imported.json()
    #expect(told["count"] == 2)
    #expect(told["width"] == 16)
    #expect(told["layers"] == [0, 1])
    for name in ["experts", "router"] {
      #expect(
        try tensorData("\(back)/\(name).safetensors")
          == tensorData("\(Self.packs)/wide/\(name).safetensors"))
    }
  }

  /// The bytes after the header, sorted: tensors may lie in another order.
  private func tensorData(_ path: String) throws -> [UInt8] {
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    return bytes[(8 + length)...].sorted()
  }

  @Test func `a refusal has its exit code and leaves nothing`() throws {
    let bench = try bench()
    let taken = try bench.run("export", "--format", "hf", bench.directory.url.path)
    #expect(taken.status == ExitCode.usage.rawValue)
    #expect(taken.messages.contains("is there already, expected a new or an empty directory"))
    let own = Self.model.appending(path: "Decoder/Golden/olmoe").path
    let nothing = bench.directory.path("nothing")
    let none = try bench.run("pack", "import", own, "--backbone", "base", "-o", nothing)
    #expect(none.status == ExitCode.badData.rawValue)
    #expect(none.messages.contains("expected more than the backbone's 6"))
    let other = try bench.run(
      "export", "--format", "hf", nothing, "--tensors",
      Self.model.appending(path: "Decoder").path)
    #expect(other.status == ExitCode.notFound.rawValue)
    #expect(try bench.run("export", nothing).status == ExitCode.usage.rawValue)
    #expect(
      try bench.run("pack", "import", own, "--backbone", "base", "-o", nothing, "--experts", "5-3")
        .status == ExitCode.usage.rawValue)
    #expect(!FileManager.default.fileExists(atPath: nothing))
  }
}
