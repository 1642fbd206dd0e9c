import Foundation
import MoEBase
import SafeTensors
import Testing

/// Holds the reader to the verdicts of Python's safetensors, recorded by
/// `tools/reference/safetensors-differential.py`; `MOEPACK_SAFETENSORS_CORPUS` names a larger corpus.
@Suite struct SafeTensorsDifferentialTests {
  @Test func `nothing is accepted that the reference refuses or reads otherwise`() throws {
    let corpus = ProcessInfo.processInfo.environment["MOEPACK_SAFETENSORS_CORPUS"]
    let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Reference/differential.jsonl")
    let data = try Data(contentsOf: corpus.map { URL(fileURLWithPath: $0) } ?? sample)
    var cases = 0
    var accepted = 0
    var acceptedByReference = 0
    for line in data.split(separator: UInt8(ascii: "\n")) {
      let verdict = try JSONValue(parsing: Array(line))
      guard case .string(let text) = verdict["file"], let file = Data(base64Encoded: text) else {
        Issue.record("a line without a file")
        return
      }
      cases += 1
      if verdict["accepted"] == true { acceptedByReference += 1 }
      guard let read = try? SafeTensorsFile(bytes: Array(file), name: "x") else { continue }
      accepted += 1
      #expect(verdict["accepted"] == true, "accepted, and refused by the reference: \(text)")
      #expect(.array(read.tensors.map { meaning($0, read) }) == verdict["tensors"], "\(text)")
      let metadata = read.metadata.sorted {
        Array($0.key.unicodeScalars) < Array($1.key.unicodeScalars)
      }
      .map { JSONValue.array([.string($0.key), .string($0.value)]) }
      #expect(.array(metadata) == verdict["metadata"], "\(text)")
    }
    print("\(cases) files: \(acceptedByReference) accepted by the reference, \(accepted) by us")
    #expect(cases >= 1000)
    #expect(accepted * 10 > acceptedByReference * 7, "the corpus does not test much otherwise")
  }

  private func meaning(_ tensor: TensorDescriptor, _ file: SafeTensorsFile) -> JSONValue {
    let digest = file.withBytes(of: tensor) { Digest(of: Array($0)) }
    return [
      .string(tensor.name), .string(tensor.dtype.rawValue),
      .string("\(tensor.shape)"), .string(digest.hex),
    ]
  }
}

private func < (left: [Unicode.Scalar], right: [Unicode.Scalar]) -> Bool {
  left.lexicographicallyPrecedes(right)
}
