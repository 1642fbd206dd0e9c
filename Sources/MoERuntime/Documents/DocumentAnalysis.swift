public import MoEBase
public import MoEModel
import MoEPackFormat

/// What the packs say of a document, passage by passage.
///
/// Every pack that is responsible for a passage by its own numbers answers it, however many there are.
public struct DocumentAnalysis: Sendable {
  /// A passage and what was answered.
  public struct Finding: Sendable {
    /// The passage.
    public let passage: Passage
    /// The answer; its route is empty where no pack is responsible.
    public let answer: Answer
  }

  /// The document.
  public let text: String
  /// What answered.
  public let composition: Composition
  /// The passages, in order.
  public let findings: [Finding]

  /// Puts passages and their answers together.
  ///
  /// - Precondition: One answer a passage.
  public init(_ list: PassageList, answers: [Answer], composition: Composition) {
    precondition(list.passages.count == answers.count, "one answer a passage")
    text = list.text
    self.composition = composition
    findings = zip(list.passages, answers).map { Finding(passage: $0, answer: $1) }
  }

  /// How passages are to be answered.
  ///
  /// - Parameter permitted: The packs that may be; `nil` for every one.
  /// - Returns: Options without a limit on how many answer.
  public static func options(permitted: Set<Digest>? = nil) -> AnswerOptions {
    AnswerOptions(permitted: permitted, topK: Int.max, gap: .infinity)
  }

  /// The passages of a document, as this backbone takes them.
  public static func passages(
    of text: String, isMarkdown: Bool, tokenizer: Tokenizer
  ) -> PassageList {
    PassageList(
      text, isMarkdown: isMarkdown, tokenLimit: min(tokenizer.maximumLength, 512),
      tokenCount: { tokenizer.encode($0).tokenCount })
  }

  // MARK: - What it comes to

  /// How often a pack told a label: gave it its first place, or gave it at all where it may give several.
  public struct Tally: Sendable, Equatable {
    /// The pack.
    public let pack: PackIdentity
    /// How many passages it answered.
    public let passages: Int
    /// The labels told, with how often, the most frequent first: task, label, passages.
    public let labels: [(task: String, label: String, passages: Int)]

    /// Whether both say the same.
    public static func == (left: Tally, right: Tally) -> Bool {
      left.pack == right.pack && left.passages == right.passages
        && left.labels.elementsEqual(right.labels) { $0 == $1 }
    }
  }

  /// One a pack that answered something, the busiest first.
  public var tallies: [Tally] {
    composition.packs.compactMap { pack -> Tally? in
      let own = findings.filter { $0.answer.route.contains { $0.pack == pack.identity } }
      guard !own.isEmpty else { return nil }
      var counts: [[String]: Int] = [:]
      for finding in own {
        for task in Set(pack.manifest.tasks.map(\.name)) {
          for label in finding.answer.told(of: pack.identity, task: task) {
            counts[[task, label.label], default: 0] += 1
          }
        }
      }
      return Tally(
        pack: pack.identity, passages: own.count,
        labels: counts.map { (task: $0.key[0], label: $0.key[1], passages: $0.value) }
          .sorted { ($1.passages, $0.task, $0.label) < ($0.passages, $1.task, $1.label) })
    }.sorted { ($1.passages, $0.pack.name) < ($0.passages, $1.pack.name) }
  }

  /// What is said of a label to people.
  public func title(of label: String, task: String, pack: PackIdentity) -> LabelText {
    let entry = composition.packs.first { $0.identity == pack }?.labels[task, label]
    return LabelText(title: entry?.title ?? label, authority: entry?.authority)
  }

  /// A label's title and authority.
  public struct LabelText: Sendable, Equatable {
    /// The title.
    public let title: String
    /// What it rests on.
    public let authority: String?
  }

  /// The analysis as JSON.
  public var json: JSONValue {
    [
      "generation": .integer(composition.generation),
      "composition": .digest(composition.digest),
      "passages": .array(
        findings.map { finding in
          let passage = finding.passage
          var members: [JSONMember] = [
            JSONMember("line", .integer(passage.line)),
            JSONMember("start", .integer(passage.range.lowerBound)),
            JSONMember("end", .integer(passage.range.upperBound)),
          ]
          if let heading = passage.heading {
            members.append(JSONMember("heading", .string(heading)))
          }
          members.append(JSONMember("text", .string(passage.text)))
          guard case .object(let answer) = composition.json(of: finding.answer) else {
            return .object(members)
          }
          let told = ["generation", "composition"]
          return .object(members + answer.filter { !told.contains($0.key) })
        }),
      "packs": .array(
        tallies.map { tally in
          [
            "pack": .string(tally.pack.name), "version": .string(tally.pack.version),
            "passages": .integer(tally.passages),
            "labels": .array(
              tally.labels.map { entry in
                let text = title(of: entry.label, task: entry.task, pack: tally.pack)
                var members: [JSONMember] = [
                  JSONMember("task", .string(entry.task)),
                  JSONMember("label", .string(entry.label)),
                  JSONMember("title", .string(text.title)),
                  JSONMember("passages", .integer(entry.passages)),
                ]
                if let authority = text.authority {
                  members.append(JSONMember("authority", .string(authority)))
                }
                return .object(members)
              }),
          ]
        }),
    ]
  }
}

extension Answer {
  /// What a task of a pack tells: its best label, or all that a `tag` task gives.
  public func told(of pack: PackIdentity, task: String) -> [Prediction] {
    best(1).filter { $0.pack == pack && $0.task.utf8.elementsEqual(task.utf8) }
  }
}
