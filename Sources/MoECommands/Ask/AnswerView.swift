import MoEPackFormat
import MoEBase
import MoEModel
import MoERuntime
import MoETensor

/// One answer, laid out for a person.
struct AnswerView {
  let answer: Answer
  let composition: Composition
  let labels: LabelSelection

  private static let barWidth = 32
  private static let lineWidth = 100

  func print(to console: Console) throws {
    if answer.route.isEmpty {
      try printNoRoute(to: console)
    } else {
      try printRoute(to: console)
      try printPredictions(to: console)
      try printAbout(to: console)
    }
    if answer.isTruncated {
      let most = composition.backbone.tokenizer.maximumLength
      try console.print()
      try console.print(
        "The text is long: the first \(most) of its \(answer.tokenCount) tokens were read.")
    }
    try printEnd(to: console)
  }

  /// Who is about to speak, or that the backbone speaks alone.
  func printSpeaker(to console: Console) throws {
    if answer.route.isEmpty {
      try printNoRoute(to: console)
      try console.print("\(composition.backbone.name) speaks alone.")
    } else {
      try printRoute(to: console)
    }
    try console.print()
  }

  /// What gave the answer.
  func printEnd(to console: Console) throws {
    try console.print()
    try console.print(
      console.styled(
        "generation \(composition.generation) · composition \(composition.digest.short)", .dim))
  }

  private func printNoRoute(to console: Console) throws {
    try console.print(console.styled("No pack is responsible for this text.", .bold))
    guard let nearest = answer.nearest else {
      try console.print(
        "No pack is installed: `moe-pack install PACK` adds one, from its .moepack file.")
      return
    }
    let shift = composition.mixture.dispatcher.shift
    let probability = Elementary.sigmoid(nearest.margin - shift)
    try console.print(
      "The nearest is \(nearest.pack.name): \(Self.percent(probability)) probable, and must be more "
        + "than \(Self.percent(Elementary.sigmoid(-shift))).")
    try console.print("`--forced` makes it answer all the same.")
  }

  private func printRoute(to console: Console) throws {
    let names = answer.route.map { "\($0.pack.name) \($0.pack.version)" } + ["no pack"]
    let weights = answer.route.map(\.weight) + [answer.none]
    let width = names.map(\.columnCount).max() ?? 0
    for (index, (name, weight)) in zip(names, weights).enumerated() {
      let isPack = index < answer.route.count
      let bar = Bar(share: weight, width: Self.barWidth).text
      let padded = name.shown().padded(to: width)
      try console.print(
        (isPack ? console.styled(padded, .bold) : padded) + "  "
          + (isPack ? console.styled(bar, .cyan) : bar) + " "
          + Self.percent(weight).leftPadded(to: 7))
    }
    if answer.isForced { try console.print("Forced: the dispatcher was not asked.") }
  }

  private func printPredictions(to console: Console) throws {
    let predictions =
      switch labels {
      case .best(let count): answer.best(count)
      case .all: answer.predictions
      }
    let showsTask = composition.packs.contains { $0.manifest.tasks.count > 1 }
    for route in answer.route {
      guard let pack = composition.packs.first(where: { $0.identity == route.pack }) else {
        continue
      }
      if answer.route.count > 1 {
        try console.print()
        try console.print(console.styled(pack.identity.name, .bold))
      } else {
        try console.print()
      }
      let own = predictions.filter { $0.pack == route.pack }
      if own.isEmpty { try console.print("no label: none is probable enough") }
      for (rank, prediction) in own.enumerated() {
        let entry = pack.labels[prediction.task, prediction.label]
        let task = showsTask ? "\(prediction.task): " : ""
        try console.print(
          Self.percent(Double(prediction.probability)).leftPadded(to: 7) + "  "
            + (task + (entry?.title ?? prediction.label)).shown()
            + (prediction.isGiven ? "" : Self.under(prediction)))
        for text in [entry?.authority, rank == 0 ? entry?.note : nil] {
          for line in (text ?? "").shown().wrapped(to: Self.lineWidth - 9) {
            try console.print(String(repeating: " ", count: 9) + console.styled(line, .dim))
          }
        }
      }
    }
  }

  private func printAbout(to console: Console) throws {
    try console.print()
    for route in answer.route {
      guard let pack = composition.packs.first(where: { $0.identity == route.pack }) else {
        continue
      }
      try console.print(pack.manifest.summary.shown() + ", " + pack.manifest.about.sentence)
    }
  }

  /// That a label of a `tag` task is not given, and why.
  private static func under(_ prediction: Answer.Prediction) -> String {
    ", not given: under \(percent(Double(prediction.threshold ?? 0)))"
  }

  /// A share in per cent that says neither 0 nor 100 of what is neither.
  static func percent(_ share: Double) -> String {
    if share > 0, share < 0.001 { return "< 0.1 %" }
    if share < 1, share > 0.999 { return "> 99.9 %" }
    return "\((share * 100).fixed(1)) %"
  }
}
