import MoETensor
import Testing

@Suite struct TensorTests {
  @Test func `a shape counts its elements`() {
    #expect(Shape([2, 3, 4]).count == 24)
    #expect(Shape([]).count == 1)
    #expect(Shape([5, 0]).count == 0)
    #expect(Shape([2, 3]).description == "[2, 3]")
  }

  @Test func `extents from outside that are negative or too many give no shape`() {
    #expect(Shape(checking: [2, -1]) == nil)
    #expect(Shape(checking: [Int.max, 2]) == nil)
    #expect(Shape(checking: [1 << 32, 1 << 32]) == nil)
    #expect(Shape(checking: [7, 9])?.count == 63)
  }

  @Test func `a tensor is rows of its last dimension`() {
    let tensor = Tensor([2, 2, 3], (0..<12).map(Float.init))
    #expect(tensor.rows == 4)
    #expect(tensor.columns == 3)
    #expect(Array(tensor.row(2)) == [6, 7, 8])
    #expect(Tensor(zeros: [3]).values == [0, 0, 0])
    #expect(Tensor([], [1]).rows == 1)
  }

  @Test func `a packed matrix knows its extents`() {
    let packed = Tensor([33, 4], samples(132, seed: 1)).packed()
    #expect(packed.rows == 33)
    #expect(packed.columns == 4)
    #expect(packed.panelCount == 2)
    #expect(packed.sizeBytes == 64 * 4 * 4)
  }

  @Test func `a matrix of the wrong number of values is a mistake of the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = PackedMatrix(rows: 2, columns: 2, values: [1, 2, 3])
    }
  }
}
