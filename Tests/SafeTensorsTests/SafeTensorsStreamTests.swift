import Foundation
import SafeTensors
import Testing

@Suite struct SafeTensorsStreamTests {
  @Test func `a streamed file reads back, its data at a multiple of 64`() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).st")
    defer { try? FileManager.default.removeItem(at: url) }
    let second: [Float] = [1, 2, 3, 4, 5, 6]
    let stream = try SafeTensorsStream(
      url: url, tensors: [.init("z", .u8, shape: [4]), .init("a", .f32, shape: [2, 3])],
      metadata: [("format", "pt")])
    try [UInt8](1...3).withUnsafeBytes { try stream.write($0) }
    try [UInt8(4)].withUnsafeBytes { try stream.write($0) }
    try second.withUnsafeBytes { try stream.write($0) }
    try stream.finish()
    let file = try SafeTensorsFile(url: url)
    #expect(file.metadata.map { [$0.key, $0.value] } == [["format", "pt"]])
    #expect(try file.floatArray("a", shape: [2, 3]) == second)
    let first = try file.tensor("z", .u8, shape: [4])
    #expect(file.withBytes(of: first) { Array($0) } == [1, 2, 3, 4])
    #expect(try Data(contentsOf: url).count % 64 == 28)
  }

  @Test func `a file that cannot be made is an error`() {
    let url = URL(fileURLWithPath: "/nonexistent/tensors")
    #expect(throws: CocoaError.self) { try SafeTensorsStream(url: url, tensors: []) }
  }
}
