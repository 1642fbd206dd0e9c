import Foundation
import MoEBase
import MoEModel
import MoEPackFormat
import MoERuntime
import MoETensor
import MoETestSupport
import Testing

@Suite struct CompositionTests {
  let backbone: Backbone
  let pack: TinyPack
  let pool = ThreadPool(threads: 1)

  init() throws {
    backbone = try TinyBackbone.make()
    pack = try TinyPack("example/ships", topics: [0, 1], backbone: backbone)
  }

  private func composition(
    _ packs: [MountedPack], generation: Int = 3, dispatcher: MoEModel.Dispatcher = .init()
  ) -> Composition {
    Composition(
      backbone: backbone, profile: TinyBackbone.profileDigest, generation: generation,
      packs: packs, dispatcher: dispatcher)
  }

  private func answer(
    _ text: String, _ composition: Composition, options: AnswerOptions = AnswerOptions()
  ) throws -> Answer {
    try #require(
      try composition.answer([backbone.tokenizer.encode(text)], options: options, pool: pool).first)
  }

  private var ownText: String { TinyTexts.words(topic: 0).prefix(8).joined(separator: " ") }

  @Test func `an answer is told in the members of the specification, in their order`() throws {
    let composition = composition([try pack.mounted(digest: Digest(of: [1]))])
    let json = composition.json(of: try answer(ownText, composition), id: "q1")
    guard case .object(let members) = json else { throw TestFailure("no object") }
    #expect(
      members.map(\.key)
        == ["id", "generation", "composition", "route", "none", "nearest", "predictions"])
    #expect(json["id"] == "q1")
    #expect(json["generation"] == 3)
    #expect(json["composition"] == .digest(composition.digest))
    guard case .array(let route)? = json["route"], case .object(let selected)? = route.first,
      case .array(let predictions)? = json["predictions"]
    else { throw TestFailure("no route") }
    #expect(selected.map(\.key) == ["pack", "version", "digest", "margin", "weight"])
    #expect(route[0]["pack"] == "example/ships")
    #expect(route[0]["digest"] == .digest(Digest(of: [1])))
    #expect(predictions.count == 2)
    #expect(predictions[0]["label"] == "topic-0")
    #expect(predictions[0]["task"] == "issue")
  }

  @Test func `weights and none sum to one, and the JSON reads back to the same numbers`() throws {
    let composition = composition([try pack.mounted(digest: Digest(of: [1]))])
    let answer = try answer(ownText, composition)
    #expect(abs(answer.route.map(\.weight).reduce(answer.none, +) - 1) < 1e-12)
    let read = try JSONValue(parsing: composition.json(of: answer, id: 7).bytes)
    #expect(read == composition.json(of: answer, id: 7))
    #expect(read["none"] == .number(answer.none))
  }

  @Test func `no id, no id member; a forced or a truncated answer says so, another does not`()
    throws
  {
    let composition = composition([try pack.mounted(digest: Digest(of: [1]))])
    let long = String(repeating: ownText + " ", count: 10)
    let plain = composition.json(of: try answer(ownText, composition))
    #expect(plain["id"] == nil && plain["forced"] == nil && plain["truncated"] == nil)
    let forced = composition.json(
      of: try answer(long, composition, options: AnswerOptions(isForced: true)))
    #expect(forced["forced"] == true && forced["truncated"] == true)
  }

  @Test
  func `where no pack is responsible the route is empty, none is 1, and the nearest is named`()
    throws
  {
    let composition = composition([try pack.mounted(digest: Digest(of: [1]))])
    let json = composition.json(of: try answer(TinyBackbone.probes[0], composition))
    #expect(json["route"] == [] && json["none"] == 1.0 && json["predictions"] == [])
    #expect(json["nearest"]?["pack"] == "example/ships")
  }

  @Test func `without packs nothing is nearest`() throws {
    let composition = composition([])
    let json = composition.json(of: try answer("bada", composition))
    #expect(json["nearest"] == nil && json["none"] == 1.0)
  }

  @Test func `the best three labels of each task are told, or all`() throws {
    let wide = try TinyPack("example/wide", topics: [0, 1, 2, 3, 4], backbone: backbone)
    let composition = composition([try wide.mounted(digest: Digest(of: [1]))])
    let answer = try answer(ownText, composition)
    for (selection, count) in [(LabelSelection.best(3), 3), (.all, 5)] {
      guard
        case .array(let predictions)? = composition.json(of: answer, labels: selection)[
          "predictions"]
      else { throw TestFailure("no predictions") }
      #expect(predictions.count == count)
    }
  }

  @Test func `the digest is that of the JSON text the documentation shows`() throws {
    let composition = composition([try pack.mounted(digest: Digest(of: [1]))])
    let text =
      #"{"backbone":"\#(TinyBackbone.digest)","profile":"\#(TinyBackbone.profileDigest)","#
      + #""packs":["\#(Digest(of: [1]))"],"gateVersion":1,"precision":"f32","topK":2,"gap":3.0,"#
      + #""shift":0.0}"#
    #expect(composition.digest == Digest(of: Array(text.utf8)))
  }

  @Test func `the digest changes with packs and thresholds, and not with the generation`() throws {
    let mounted = try pack.mounted(digest: Digest(of: [1]))
    let first = composition([mounted])
    #expect(composition([mounted], generation: 9).digest == first.digest)
    #expect(composition([]).digest != first.digest)
    #expect(composition([mounted], dispatcher: .init(topK: 1)).digest != first.digest)
    #expect(composition([mounted], dispatcher: .init(shift: 0.5)).digest != first.digest)
  }

  @Test func `a named pack that is not there is an error that names those that are`() throws {
    let composition = composition([try pack.mounted(digest: Digest(of: [1]))])
    let error = #expect(throws: MixtureError.self) { try composition.pack(named: "example/x") }
    #expect(
      error?.message == "pack `example/x` is not installed, expected one of `example/ships`")
  }

  @Test func `a named pack whose rows are not finite is an error and never a silence`() throws {
    let broken = try pack.mounted(digest: Digest(of: [1]), poisoned: [EntryName.router])
    let composition = composition([broken])
    #expect(throws: RuntimeError.noMargin(pack: "example/ships")) {
      try answer(ownText, composition, options: AnswerOptions(pack: broken.identity))
    }
    #expect(try answer(ownText, composition).none == 1)
  }

  @Test func `a selected pack whose heads are not finite is an error`() throws {
    let broken = try pack.mounted(digest: Digest(of: [1]), poisoned: [EntryName.heads])
    let error = #expect(throws: MixtureError.self) { try answer(ownText, composition([broken])) }
    #expect(error?.code == "numerical-error")
  }

  @Test func `forcing an answer where no pack is installed is an error`() throws {
    #expect(throws: RuntimeError.nothingToForce) {
      try answer(ownText, composition([]), options: AnswerOptions(isForced: true))
    }
  }
}

/// What a test cannot go on from.
struct TestFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
