import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETestSupport
import SafeTensors
import Testing

/// Checkpoints that are written for other programs, read back here; `tools/reference/interchange` has transformers
/// read them.
@Suite struct CheckpointExportTests {
  @Test(arguments: InterchangeCase.all)
  func `an export computes what the flat mode computes`(_ example: InterchangeCase) throws {
    let ids = try example.reference().ids("prompt.1.ids")
    try example.withModel { model, scratch in
      let packs = try example.packs(width: model.decoder.architecture.width)
      let flat = try model.decoder.flattened(with: packs).output(ids)
      let export = try CheckpointExport(model, packs: packs)
      #expect(export.format == .f32)
      let own = try model.decoder.firstGate().expertCount
      #expect(export.owners.map(\.experts) == [0..<own, own..<own + 1, own + 1..<own + 3])
      for (name, limit) in [("whole", CheckpointExport.shardBytes), ("shards", 20_000)] {
        let target = scratch.appending(path: name)
        try export.write(to: target, shardBytes: limit)
        let files = try FileManager.default.contentsOfDirectory(atPath: target.path)
        #expect(files.contains("tokenizer.json") && files.contains("generation_config.json"))
        let isWhole = files.contains("model.safetensors")
        #expect(isWhole == (name == "whole"))
        #expect(files.contains("model.safetensors.index.json") != isWhole)
        // Padding with zeros is exact, so this is the same to the bit.
        try target.withDecoder { #expect($0.output(ids) == flat) }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
      #expect(Set(left) == ["backbones", "whole", "shards"])
    }
  }

  @Test(arguments: InterchangeCase.all)
  func `without packs it is the backbone in its own numbers`(_ example: InterchangeCase) throws {
    try example.withModel { model, scratch in
      let export = try CheckpointExport(model, packs: [])
      #expect(model.decoder.formats == [export.format])
      let target = scratch.appending(path: "plain")
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
      try export.write(to: target)
      let again = try JSONValue(
        parsing: Array(Data(contentsOf: target.appending(path: "config.json"))))
      let config = try JSONValue(
        parsing: Array(Data(contentsOf: example.base.appending(path: "config.json"))))
      for key in ["num_experts", "num_local_experts", "dtype", "torch_dtype", "rope_theta"] {
        #expect(again[key] == config[key], "\(key)")
      }
      let ids = try example.reference().ids("prompt.0.ids")
      try target.withDecoder { #expect($0.output(ids) == model.decoder.output(ids)) }
    }
  }

  @Test func `numbers that the backbone's format holds stay in it`() throws {
    let example = try #require(InterchangeCase.all.first { $0.testDescription == "olmoe" })
    try example.withModel { model, scratch in
      let rounded = scratch.appending(path: "rounded")
      try FileManager.default.createDirectory(at: rounded, withIntermediateDirectories: true)
      for file in ["experts.safetensors", "router.safetensors"] {
        var writer = SafeTensorsWriter()
        let source = try SafeTensorsFile(url: example.pack("wide").appending(path: file))
        for tensor in source.tensors {
          let values = try source.floatArray(tensor.name, shape: tensor.shape)
          writer.add(
            tensor.name, shape: tensor.shape,
            floats: values.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) })
        }
        try writer.write(to: rounded.appending(path: file))
      }
      try FileManager.default.copyItem(
        at: example.pack("wide").appending(path: "training.json"),
        to: rounded.appending(path: "training.json"))
      let packs = [
        (
          name: "rounded",
          experts: try ExpertTensors.read(rounded, width: model.decoder.architecture.width)
        )
      ]
      let export = try CheckpointExport(model, packs: packs)
      #expect(export.format == .bf16)
      let target = scratch.appending(path: "export")
      try export.write(to: target)
      let ids = try example.reference().ids("prompt.1.ids")
      let flat = try model.decoder.flattened(with: packs).output(ids)
      try target.withDecoder {
        #expect($0.formats == [.bf16])
        #expect($0.output(ids) == flat)
      }
    }
  }

  @Test func `what cannot be written is refused, and nothing is left`() throws {
    let example = try #require(InterchangeCase.all.first { $0.testDescription == "olmoe" })
    let scratch = try TemporaryDirectory()
    for name in ["llama-llama3", "qwen3_moe", "granitemoe"] {
      let other = try #require(ReferenceCheckpoint.all.first { $0.name == name })
      let model = try other.directory.registered(in: scratch.url.appending(path: name))
      #expect {
        try CheckpointExport(model, packs: [])
      } throws: { ($0 as? InterchangeError)?.code == "interchange-family" }
    }
    try example.withModel { model, home in
      let mixtral = try #require(
        InterchangeCase.all.first { $0.testDescription == "mixtral-stacked" })
      let packs = try mixtral.packs(width: model.decoder.architecture.width)
      let export = try CheckpointExport(model, packs: packs)
      let taken = try TemporaryDirectory()
      try taken.write([1], to: "something")
      #expect {
        try export.write(to: taken.url)
      } throws: { ($0 as? InterchangeError)?.exitCode == .usage }
      #expect(try FileManager.default.contentsOfDirectory(atPath: taken.url.path) == ["something"])
      let nowhere = taken.url.appending(path: "something/else")
      #expect(throws: InterchangeError.self) { try export.write(to: nowhere) }
    }
    try mustBeTooWide(example)
  }

  /// An expert that is wider than the backbone's runs in the flat mode, and cannot be written.
  private func mustBeTooWide(_ example: InterchangeCase) throws {
    try example.withModel { model, scratch in
      let (width, inner) = (model.decoder.architecture.width, 33)
      let folder = scratch.appending(path: "wider")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      var experts = SafeTensorsWriter()
      var router = SafeTensorsWriter()
      var generator = SeededGenerator(seed: 3)
      func random(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float(generator.below(2_000)) / 4_000 - 0.25 }
      }
      for layer in model.decoder.architecture.sparseLayers {
        for name in [TensorName.expertGateWeight, TensorName.expertUpWeight] {
          experts.add(name(layer, 0), shape: [inner, width], floats: random(inner * width))
        }
        experts.add(
          TensorName.expertDownWeight(layer: layer, expert: 0), shape: [width, inner],
          floats: random(inner * width))
        router.add(
          TensorName.routerWeight(layer: layer), shape: [1, width],
          floats: random(width).map { 4 * $0 })
      }
      try experts.write(to: folder.appending(path: "experts.safetensors"))
      try router.write(to: folder.appending(path: "router.safetensors"))
      let record: JSONValue = [
        "width": .integer(width),
        "experts": ["layers": [0, 1], "count": 1, "width": .integer(inner), "topK": 1],
      ]
      try Data(record.bytes).write(to: folder.appending(path: "training.json"))
      let packs = [(name: "wider", experts: try ExpertTensors.read(folder, width: width))]
      let ids = try example.reference().ids("prompt.1.ids")
      let output = try model.decoder.flattened(with: packs).output(ids)
      #expect(output.logits.allSatisfy { $0.isFinite })
      let own = Int32(try model.decoder.firstGate().expertCount)
      #expect(output.experts.values.contains { $0.contains(own) })
      #expect {
        try CheckpointExport(model, packs: packs)
      } throws: { error in
        "\(error)".contains("in layer 0 are 33 wide, expected at most the backbone's 16")
      }
    }
  }
}

extension Decoder {
  /// The gate of the first layer that has experts.
  func firstGate() throws -> ExpertGate {
    for case .sparse(let gate) in architecture.feedForwards { return gate }
    throw CocoaError(.featureUnsupported)
  }
}
