public import Foundation

/// One parser, or the store, fed with bytes; what must never be ends the process.
public struct FuzzTarget: Sendable {
  /// Its name, as `tools/fuzz/run` knows it.
  public let name: String
  /// The largest input that is worth trying, in bytes.
  public let largestInput: Int
  /// Inputs to begin with, made anew each time.
  public let seeds: @Sendable () throws -> [[UInt8]]
  /// Tries one input.
  public let run: @Sendable ([UInt8]) -> Void

  /// Every target there is.
  public static let all: [FuzzTarget] = [
    .safeTensors, .json, .archive, .envelope, .tokenizer, .store,
  ]

  /// What libFuzzer calls first: writes the seeds and ends, where it is told to.
  ///
  /// - Parameter environment: `MOEPACK_FUZZ_SEEDS` names the directory to write them to.
  public func prepare(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    guard let path = environment["MOEPACK_FUZZ_SEEDS"] else { return }
    do {
      let directory = URL(fileURLWithPath: path, isDirectory: true)
      for (index, seed) in try seeds().enumerated() {
        try Data(seed).write(to: directory.appending(path: "seed-\(index)"))
      }
      exit(0)
    } catch { fatalError("no seeds: \(error)") }
  }

  /// What libFuzzer calls with each input.
  public func run(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
  }
}

/// Ends the process with a sentence when `holds` is false: in a release build too.
func require(_ holds: Bool, _ sentence: @autoclosure () -> String) {
  if !holds { fatalError(sentence()) }
}
