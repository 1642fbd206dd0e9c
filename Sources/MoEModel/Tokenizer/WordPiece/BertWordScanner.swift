/// Takes the words of a text as they are found.
protocol WordReceiver {
  /// Takes a word, not empty; `bytes` are cut off when `scalarCount` is above the scanner's limit.
  mutating func receive(word bytes: UnsafeBufferPointer<UInt8>, scalarCount: Int)
  /// Takes a token that stood in the raw text.
  mutating func receive(addedToken id: Int32)
}

/// Normalises a text and splits it into words in one pass: BERT's normaliser and pre-tokeniser.
///
/// Words are separated by white space; each punctuation scalar is a word of its own. Added tokens are
/// matched in the raw text; what stands between them is treated as separate texts.
///
/// Time is linear in the text but for a run of combining marks, which is sorted; memory is that of one
/// word.
struct BertWordScanner: Sendable {
  private enum Action: UInt8 {
    case keep, remove, separate, isolate, lookAtScalar, lookForAddedToken
  }

  private let normalizer: BertNormalizer
  private let addedTokens: AddedTokens
  private let tables = UnicodeTables.shared
  /// What to do at a byte, apart from added tokens; every byte above 0x7F asks for its scalar.
  private var asciiActions: [Action] = []
  /// ``asciiActions``, but the first bytes of added tokens ask to look for one.
  private var actions: [Action] = []
  /// The byte that is kept in place of an ASCII byte.
  private var kept: [UInt8] = Array(0...255)

  /// Makes a scanner.
  init(normalizer: BertNormalizer, addedTokens: AddedTokens) {
    self.normalizer = normalizer
    self.addedTokens = addedTokens
    for byte in UInt8.min...UInt8.max {
      var action = Action.lookAtScalar
      if byte < 0x80 {
        let properties = tables[UInt32(byte)]
        if normalizer.cleansText, properties.contains(.removed) {
          action = .remove
        } else if properties.contains(.whiteSpace) {
          action = .separate
        } else {
          action = properties.contains(.punctuation) ? .isolate : .keep
        }
        if normalizer.lowercases, byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") {
          kept[Int(byte)] = byte | 0x20
        }
      }
      asciiActions.append(action)
      actions.append(addedTokens.isFirstByte[Int(byte)] ? .lookForAddedToken : action)
    }
  }

  /// Gives `receiver` the words and added tokens of `text`, in order.
  ///
  /// - Parameters:
  ///   - text: Well-formed UTF-8.
  ///   - wordLimit: A word's scalars beyond this many are counted but not kept.
  ///   - receiver: What takes them.
  func scan<Receiver: WordReceiver>(
    _ text: UnsafeBufferPointer<UInt8>, wordLimit: Int, into receiver: inout Receiver
  ) {
    var word = PartialWord(limit: wordLimit)
    var position = 0
    while position < text.count {
      let byte = text[position]
      var action = actions[Int(byte)]
      if action == .lookForAddedToken {
        if let match = addedTokens.longestMatch(in: text, from: position) {
          endWord(&word, &receiver)
          receiver.receive(addedToken: match.id)
          position = match.end
          continue
        }
        action = asciiActions[Int(byte)]
      }
      switch action {
      case .remove: position += 1
      case .lookAtScalar, .lookForAddedToken:
        let (scalar, length) = text.scalar(at: position)
        position += length
        normalise(scalar, &word, &receiver)
      case .separate:
        endWord(&word, &receiver)
        position += 1
      case .keep:
        if !word.marks.isEmpty { endMarks(&word, &receiver) }
        word.append(ascii: kept[Int(byte)])
        position += 1
      case .isolate:
        endWord(&word, &receiver)
        word.append(ascii: byte)
        endWord(&word, &receiver)
        position += 1
      }
    }
    endWord(&word, &receiver)
  }

  private func normalise<Receiver: WordReceiver>(
    _ scalar: UInt32, _ word: inout PartialWord, _ receiver: inout Receiver
  ) {
    let properties = tables[scalar]
    if normalizer.cleansText {
      if properties.contains(.removed) { return }
      if properties.contains(.whiteSpace) { return endWord(&word, &receiver) }
    }
    let standsAlone = normalizer.spacesIdeographs && properties.contains(.chinese)
    if standsAlone { endWord(&word, &receiver) }
    if !normalizer.stripsAccents {
      emit(scalar, &word, &receiver)
    } else if properties.contains(.decomposes) {
      tables.decompose(scalar) { strip($0, &word, &receiver) }
    } else {
      strip(scalar, &word, &receiver)
    }
    if standsAlone { endWord(&word, &receiver) }
  }

  /// Takes one decomposed scalar: drops it if it is a nonspacing mark, else keeps canonical order.
  ///
  /// A mark that is dropped and combines is not sorted with the others: it would leave their order alone.
  private func strip<Receiver: WordReceiver>(
    _ scalar: UInt32, _ word: inout PartialWord, _ receiver: inout Receiver
  ) {
    let properties = tables[scalar]
    let isDropped = properties.contains(.mark)
    if properties.contains(.combines) {
      if !isDropped { word.append(mark: scalar, combiningClass: tables.combiningClass(scalar)) }
      return
    }
    endMarks(&word, &receiver)
    if !isDropped { emit(scalar, &word, &receiver) }
  }

  /// Emits the marks that were held back, in canonical order.
  private func endMarks<Receiver: WordReceiver>(
    _ word: inout PartialWord, _ receiver: inout Receiver
  ) {
    guard !word.marks.isEmpty else { return }
    for scalar in word.takeMarks() { emit(scalar, &word, &receiver) }
  }

  /// Lower-cases one scalar and puts the result where it belongs.
  private func emit<Receiver: WordReceiver>(
    _ scalar: UInt32, _ word: inout PartialWord, _ receiver: inout Receiver
  ) {
    guard normalizer.lowercases, tables[scalar].contains(.lowers) else {
      return place(scalar, &word, &receiver)
    }
    tables.lowercase(scalar) { place($0, &word, &receiver) }
  }

  private func place<Receiver: WordReceiver>(
    _ scalar: UInt32, _ word: inout PartialWord, _ receiver: inout Receiver
  ) {
    let properties = tables[scalar]
    if properties.contains(.whiteSpace) {
      word.give(to: &receiver)
    } else if properties.contains(.punctuation) {
      word.give(to: &receiver)
      word.append(scalar)
      word.give(to: &receiver)
    } else {
      word.append(scalar)
    }
  }

  private func endWord<Receiver: WordReceiver>(
    _ word: inout PartialWord, _ receiver: inout Receiver
  ) {
    endMarks(&word, &receiver)
    word.give(to: &receiver)
  }
}

/// The word that is being read, and the combining marks that are not in it yet.
private struct PartialWord {
  private let limit: Int
  private var bytes: [UInt8] = []
  private var scalarCount = 0
  /// Marks since the last scalar of class 0, each with its class above and its place between.
  private(set) var marks: [(order: UInt64, scalar: UInt32)] = []

  init(limit: Int) {
    self.limit = limit
    bytes.reserveCapacity(64)
  }

  mutating func append(ascii byte: UInt8) {
    scalarCount += 1
    if scalarCount <= limit { bytes.append(byte) }
  }

  mutating func append(_ scalar: UInt32) {
    scalarCount += 1
    if scalarCount <= limit { bytes.append(scalar: scalar) }
  }

  mutating func append(mark scalar: UInt32, combiningClass: UInt32) {
    marks.append((UInt64(combiningClass) << 32 | UInt64(marks.count), scalar))
  }

  /// Takes the marks, ordered by class, and within a class as they came.
  mutating func takeMarks() -> [UInt32] {
    marks.sort { $0.order < $1.order }
    let scalars = marks.map(\.scalar)
    marks.removeAll(keepingCapacity: true)
    return scalars
  }

  mutating func give<Receiver: WordReceiver>(to receiver: inout Receiver) {
    guard scalarCount > 0 else { return }
    bytes.withUnsafeBufferPointer { receiver.receive(word: $0, scalarCount: scalarCount) }
    bytes.removeAll(keepingCapacity: true)
    scalarCount = 0
  }
}
