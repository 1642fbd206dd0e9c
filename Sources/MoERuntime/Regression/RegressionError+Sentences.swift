extension RegressionError {
  /// What happened, where, expected and got.
  public var message: String {
    switch self {
    case .belowFloor(
      let pack, let eval, let metric, let value, let floor, let baseline, let tolerance,
      let examples):
      "`\(pack)` misses its floor on `\(eval)`: \(metric) \(rounded(value)), "
        + "floor \(rounded(floor)) (baseline \(rounded(baseline)), "
        + "tolerance \(rounded(tolerance)), \(examples) examples)"
    case .belowClaim(
      let pack, let eval, let metric, let value, let baseline, let tolerance, let examples):
      "`\(pack)` does not reproduce its claim on `\(eval)`: \(metric) \(rounded(value)), "
        + "baseline \(rounded(baseline)) (tolerance \(rounded(tolerance)), "
        + "\(examples) examples)"
    case .ownTextsMissed(let pack, let eval, let share, let least, let examples):
      "`\(pack)` is selected for \(percent(share)) of its own texts of `\(eval)`, "
        + "expected at least \(percent(least)) (\(examples) examples)"
    case .routerCapture(let pack, let selected, let probes, let most):
      "`\(pack)` takes \(selected) of \(probes) neutral probes (\(share(selected, probes))), "
        + "expected at most \(percent(most))"
    case .answersDisplaced(
      let pack, let other, let eval, let displaced, let gained, let examples, let most,
      let example):
      "`\(pack)` displaces \(displaced) right answers of `\(other)` on `\(eval)` and makes \(gained) "
        + "right, of \(examples) examples: expected at most \(percent(most)) more displaced than "
        + "gained; the first is \(example)"
    case .overlapUndeclared(let pack, let other, let eval, let shared, let examples, let most):
      "`\(other)` fires on \(shared) of \(examples) texts of `\(eval)` of `\(pack)` "
        + "(\(share(shared, examples))), expected at most \(percent(most)) where neither "
        + "declares that it overlaps the other"
    case .resultsFell(
      let pack, let eval, let negative, let positive, let examples, let probability, let least,
      let example):
      "the answers of `\(pack)` on `\(eval)` get worse: of \(examples), \(negative) turn wrong and "
        + "\(positive) right, whose probability by chance is \(probability.fixed(5)), expected at "
        + "least \(least.fixed(5)); the first is \(example)"
    case .negativeFlips(
      let pack, let eval, let negative, let positive, let examples, let most, let example):
      "\(negative) of \(examples) right answers of `\(pack)` on `\(eval)` turn wrong "
        + "(\(share(negative, examples)); \(positive) turn right), expected at most "
        + "\(percent(most)); the first is \(example)"
    case .answersChanged(let change, let changed, let compared):
      "\(change) changes answers that it has no part in: \(changed) of \(compared) compared, expected 0"
    case .tooFewProbes(let got, let least):
      "the backbone profile has \(got) probes to compare, expected at least \(least)"
    case .copied(let pack, let original):
      "`\(pack)` has the dispatcher rows of `\(original)`, expected rows of its own"
    case .rowsRepeated(let pack, let repeated, let rows):
      "`\(pack)` has \(repeated) dispatcher rows, of \(rows), whose weights are those of another of "
        + "its rows: expected none"
    case .evalsContaminated(
      let pack, let eval, let contamination, let texts, let examples, let most):
      "`\(eval)` of `\(pack)` proves less than it says: \(texts) of \(examples) examples "
        + "(\(share(texts, examples))) \(contamination.sentence), expected at most "
        + percent(most)
    case .expertExplodes(let pack, let growth, let most):
      "the experts of `\(pack)` add "
        + (growth.isFinite ? "\(growth.fixed(1)) times" : "more than any number of times")
        + " what they add to, expected at most \(most.fixed(1)) times"
    case .outputNotFinite(let pack, let task):
      "task `\(task)` of `\(pack)` gave a probability that is not finite, expected 0 to 1"
    case .overBudget(let pack, let flops, let most):
      "`\(pack)` adds \((flops / 1e6).fixed(1)) million operations to a text of the greatest length, "
        + "expected at most \((most / 1e6).fixed(1)) million"
    }
  }

  /// What to do now.
  public var hint: String {
    "the store is unchanged; " + remedy
  }

  private var remedy: String {
    switch self {
    case .belowFloor(let pack, _, _, _, _, _, _, _), .belowClaim(let pack, _, _, _, _, _, _):
      "tell the publisher of `\(pack)`, or accept an unproven generation with `--no-eval`"
    case .ownTextsMissed:
      "another installed pack may cover the same ground: see `moe-pack eval`, or accept an unproven "
        + "generation with `--no-eval`"
    case .routerCapture:
      "its threshold is too low for this backbone profile: tell the publisher"
    case .answersDisplaced(_, let other, _, _, _, _, _, _):
      "choose between it and `\(other)`, accept more with `--limit displacement=SHARE`, or ask both "
        + "publishers to declare the overlap"
    case .overlapUndeclared(let pack, let other, _, _, _, _):
      "if `\(pack)` and `\(other)` are to share their ground, its publisher declares it under "
        + "`overlaps`; `--limit undeclaredOverlap=SHARE` accepts it here"
    case .resultsFell:
      "tell the publisher, or accept less with `--limit fallProbability=0`"
    case .negativeFlips:
      "tell the publisher, or accept more with `--limit negativeFlips=SHARE`"
    case .answersChanged:
      "this is a fault of moe-pack, please report it with both pack digests"
    case .tooFewProbes: "make the profile again with `moe-pack backbone profile`"
    case .copied(_, let original):
      "remove `\(original)` first if this pack is to take its place"
    case .rowsRepeated, .expertExplodes, .outputNotFinite:
      "its publisher has to build it again"
    case .evalsContaminated:
      "ask the publisher for examples that nothing was learned from, or accept them with "
        + "`--limit repeatedEvalTexts=SHARE`"
    case .overBudget:
      "raise `flopsPerText` in the configuration or with `--limit`, or ask for narrower experts"
    }
  }

  private func rounded(_ value: Double) -> String { value.fixed(3) }

  private func percent(_ value: Double) -> String { "\((value * 100).fixed(1)) %" }

  private func share(_ part: Int, _ whole: Int) -> String {
    percent(Double(part) / Double(max(1, whole)))
  }
}

extension EvalContamination {
  fileprivate var sentence: String {
    switch self {
    case .repeated: "stand in it before"
    case .shared(let other): "are examples of `\(other)` as well, and neither declares an overlap"
    case .learned(let file): "are those of its own data file `\(file)`"
    }
  }
}

extension Double {
  /// The number with so many digits after the point, rounded to nearest; never an exponent.
  public func fixed(_ digits: Int) -> String {
    guard isFinite, magnitude < 1e12 else { return "\(self)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (magnitude * scale).rounded()
    let whole = (scaled / scale).rounded(.down)
    var text = "\(Int64(whole))"
    if digits > 0 {
      let fraction = "\(Int64(scaled - whole * scale))"
      text += "." + String(repeating: "0", count: max(0, digits - fraction.count)) + fraction
    }
    return sign == .minus && scaled != 0 ? "-" + text : text
  }
}
