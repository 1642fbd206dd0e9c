/// Finds texts that stand twice: within a file, and between training and evals.
///
/// Two texts are *the same* when their bytes are, and *nearly the same* as ``ShingleIndex`` has it.
struct LeakCheck {
  let source: PackSource

  /// Runs every check.
  ///
  /// - Throws: ``SourceError/duplicate(text:first:second:)`` or ``SourceError/leak(eval:training:isExact:)``.
  func run() throws {
    var files = [source.train]
    if let valid = source.valid { files.append(valid) }
    if let negatives = source.negatives { files.append(negatives) }
    let seen = try unique(files)
    let seenInEvals = try unique(source.evals.map(\.file))
    for (text, place) in seenInEvals.sorted(by: { $0.value < $1.value }) {
      if let training = seen[text] {
        throw SourceError.leak(
          eval: place.description, training: training.description, isExact: true)
      }
    }
    guard !source.nearDuplicatesAllowed else { return }
    let trained = files.flatMap { file in
      file.examples.map { (text: $0.text, place: Place(file: file.name, line: $0.line)) }
    }
    let index = ShingleIndex(trained.map(\.text))
    for eval in source.evals {
      for example in eval.file.examples {
        guard let near = index.nearDuplicates(of: example.text).first else { continue }
        throw SourceError.leak(
          eval: Place(file: eval.file.name, line: example.line).description,
          training: trained[near].place.description, isExact: false)
      }
    }
  }

  /// Where a text stands.
  struct Place: Comparable, CustomStringConvertible {
    let file: String
    let line: Int
    var description: String { "`\(file)` line \(line)" }
    static func < (left: Place, right: Place) -> Bool {
      (left.file, left.line) < (right.file, right.line)
    }
  }

  private func unique(_ files: [ExampleFile]) throws -> [[UInt8]: Place] {
    var seen: [[UInt8]: Place] = [:]
    for file in files {
      for example in file.examples {
        let place = Place(file: file.name, line: example.line)
        if let first = seen.updateValue(place, forKey: Array(example.text.utf8)) {
          throw SourceError.duplicate(
            text: example.text, first: first.description, second: place.description)
        }
      }
    }
    return seen
  }
}
