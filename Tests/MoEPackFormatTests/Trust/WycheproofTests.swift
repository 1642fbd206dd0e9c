import Foundation
import MoEBase
import MoEPackFormat
import Testing

/// Project Wycheproof's Ed25519 cases, as swift-crypto's own tests bring them.
@Suite struct WycheproofTests {
  /// The file lies in the checkout of the package that SwiftPM built.
  private static let file: URL? = {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let source = URL(fileURLWithPath: #filePath)
    for start in [program, source] {
      var directory = start.deletingLastPathComponent()
      while directory.path != "/" {
        for build in ["", ".build/"] {
          let file = directory.appendingPathComponent(
            "\(build)checkouts/swift-crypto/Tests/Test Vectors/ed25519_test.json")
          if FileManager.default.fileExists(atPath: file.path) { return file }
        }
        directory.deleteLastPathComponent()
      }
    }
    return nil
  }()

  @Test func `every case is judged as Wycheproof judges it`() throws {
    let file = try #require(Self.file, "swift-crypto's checkout has no ed25519_test.json")
    let document = try JSONValue(parsing: Array(try Data(contentsOf: file)))
    guard case .array(let groups)? = document["testGroups"] else {
      Issue.record("no test groups")
      return
    }
    var valid = 0
    var invalid = 0
    for group in groups {
      let key = try #require(PublicKey(rawBytes: try bytes(group["publicKey"]?["pk"])))
      guard case .array(let tests)? = group["tests"] else { continue }
      for test in tests {
        let isValid = key.isValid(signature: try bytes(test["sig"]), of: try bytes(test["msg"]))
        #expect(isValid == (test["result"] == "valid"), "\(test.text)")
        if isValid { valid += 1 } else { invalid += 1 }
      }
    }
    #expect(valid == 88 && invalid == 62)
    print("Wycheproof Ed25519: \(valid + invalid) of 150 judged alike")
  }

  private func bytes(_ value: JSONValue?) throws -> [UInt8] {
    guard case .string(let hex)? = value else { throw CocoaError(.coderReadCorrupt) }
    let digits = Array(hex.utf8)
    return try stride(from: 0, to: digits.count, by: 2).map { index in
      try #require(UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16))
    }
  }
}
