import MoETensor
import Testing

@Suite struct WorkspaceTests {
  @Test func `buffers are aligned, zero and grow only`() {
    for count in [0, 1, 15, 1000] {
      let buffer = AlignedBuffer(count: count)
      #expect(Int(bitPattern: buffer.pointer) % AlignedBuffer.alignment == 0)
      #expect((0..<count).allSatisfy { buffer.pointer[$0] == 0 })
      let address = buffer.pointer
      buffer.reserve(count)
      #expect(buffer.pointer == address)
      buffer.reserve(count + 100)
      #expect(buffer.count == count + 100)
      #expect(Int(bitPattern: buffer.pointer) % AlignedBuffer.alignment == 0)
      buffer.reserve(1)
      #expect(buffer.count == count + 100)
    }
  }

  @Test func `slots are apart and stay where they are`() {
    let workspace = Workspace()
    let first = workspace.floats(0, count: 10)
    let third = workspace.floats(2, count: 20)
    first[9] = 1
    third[19] = 2
    #expect(workspace.floats(0, count: 5) == first)
    #expect(workspace.floats(2, count: 20)[19] == 2)
    #expect(workspace.sizeBytes == 30 * 4)
    #expect(workspace.floats(0, count: 50)[0] == 0)
    #expect(workspace.sizeBytes == 70 * 4)
  }
}
