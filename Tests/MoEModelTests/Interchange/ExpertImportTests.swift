import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETestSupport
import SafeTensors
import Testing

/// Packs that are cut out of checkpoints.
@Suite struct ExpertImportTests {
  @Test(arguments: InterchangeCase.all)
  func `an export gives a pack's tensors back to the bit`(_ example: InterchangeCase) throws {
    try example.withModel { model, scratch in
      let packs = try example.packs(width: model.decoder.architecture.width)
      let export = try CheckpointExport(model, packs: packs)
      let checkpoint = scratch.appending(path: "export")
      try export.write(to: checkpoint)
      for owner in export.owners.dropFirst() {
        var options = ExpertImport.Options()
        options.experts = owner.experts.lowerBound...owner.experts.upperBound - 1
        let target = scratch.appending(path: owner.name)
        let found = try ExpertImport(checkpoint, backbone: model, options: options)
        try found.write(to: target)
        #expect(found.ignored.isEmpty)
        for file in ["experts.safetensors", "router.safetensors"] {
          #expect(
            try target.appending(path: file).tensorBits()
              == example.pack(owner.name).appending(path: file).tensorBits())
        }
        let record = try JSONValue(
          parsing: Array(Data(contentsOf: target.appending(path: "training.json"))))
        #expect(record["imported"]?["backbone"]?["digest"] == .digest(model.digest))
      }
      let all = try ExpertImport(checkpoint, backbone: model)
      #expect(all.expertCount == 3)
      #expect(all.topK == min(3, try model.decoder.firstGate().topK))
    }
  }

  @Test func `a fine-tune of a dense backbone becomes experts beside it`() throws {
    let base = try #require(ReferenceCheckpoint.all.first { $0.name == "llama-llama3" })
    let scratch = try TemporaryDirectory()
    let model = try base.directory.registered(in: scratch.url)
    let tuned = try base.directory.altered(
      in: scratch.url,
      [
        "model.layers.1.mlp.down_proj.weight": { $0 * 1.25 },
        "model.layers.1.mlp.up_proj.weight": { $0 + 0.03 },
      ])
    let found = try ExpertImport(tuned, backbone: model)
    #expect(found.layers == [1])
    #expect(found.expertCount == 1)
    #expect(found.expertWidth == 80)
    let target = scratch.url.appending(path: "pack")
    try found.write(to: target)
    let experts = try ExpertTensors.read(target, width: model.decoder.architecture.width)
    let ids = try base.reference().ids("prompt.1.ids")
    try tuned.withDecoder { decoder in
      let wanted = decoder.output(ids).logits
      let cache = model.decoder.makeCache()
      let workspace = DecoderWorkspace()
      let states = model.decoder.forward(
        [DecoderSequence(cache: cache, ids: ids, experts: experts)], pool: .shared,
        workspace: workspace)
      let logits = model.decoder.logits(
        states, rows: Array(ids.indices), pool: .shared, workspace: workspace)
      let worst = wanted.indices.map { abs(wanted[$0] - logits[$0]) }.max() ?? .infinity
      let change = zip(wanted, model.decoder.output(ids).logits).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= 1e-4)
      #expect(change > 0.1)
    }
    let same = try base.directory.altered(in: scratch.url, [:])
    #expect {
      try ExpertImport(same, backbone: model)
    } throws: {
      "\($0)".contains("every feed-forward network of the checkpoint is that of backbone `base`")
    }
    let more = try base.directory.altered(
      in: scratch.url,
      [
        "model.layers.0.mlp.gate_proj.weight": { -$0 },
        "model.layers.1.self_attn.k_proj.weight": { $0 + 1 }, "model.norm.weight": { $0 + 1 },
      ])
    #expect {
      try ExpertImport(more, backbone: model)
    } throws: { error in
      "\(error)".contains("`model.layers.1.self_attn.k_proj.weight`, `model.norm.weight`")
    }
    var options = ExpertImport.Options()
    options.ignoresOtherChanges = true
    let kept = try ExpertImport(more, backbone: model, options: options)
    #expect(kept.layers == [0])
    #expect(kept.ignored.count == 2)
  }

  @Test func `what is not a checkpoint of this backbone is refused`() throws {
    let example = try #require(InterchangeCase.all.first { $0.testDescription == "olmoe" })
    try example.withModel { model, scratch in
      let packs = try example.packs(width: model.decoder.architecture.width)
      let checkpoint = scratch.appending(path: "export")
      try CheckpointExport(model, packs: packs).write(to: checkpoint)
      func refusal(_ directory: URL, _ change: (inout ExpertImport.Options) -> Void = { _ in })
        -> String
      {
        var options = ExpertImport.Options()
        change(&options)
        do {
          _ = try ExpertImport(directory, backbone: model, options: options)
          return "nothing was refused"
        } catch {
          return "\(error)"
        }
      }
      #expect(refusal(example.base).contains("has 6 experts a layer, expected more than"))
      #expect(refusal(checkpoint) { $0.experts = 5...6 }.contains("expected some of 6 to 8"))
      #expect(refusal(checkpoint) { $0.experts = 6...9 }.contains("experts 6 to 9 were asked for"))
      #expect(refusal(checkpoint) { $0.topK = 4 }.contains("at most the 3 there are"))
      let expert = "model.layers.1.mlp.experts.3.down_proj.weight"
      let other = try checkpoint.altered(in: scratch, [expert: { -$0 }])
      #expect(refusal(other).contains("tensor `\(expert)` of the checkpoint is not that of"))
      let router = try checkpoint.altered(
        in: scratch, ["model.layers.0.mlp.gate.weight": { $0 + 1 }])
      #expect(refusal(router) { $0.ignoresOtherChanges = true }.contains("mlp.gate.weight"))
      let mixtral = try #require(
        InterchangeCase.all.first { $0.testDescription == "mixtral-stacked" })
      #expect(refusal(mixtral.base).contains("model_type: expected olmoe, got mixtral"))
      let qwen = try #require(ReferenceCheckpoint.all.first { $0.name == "qwen3_moe" })
      #expect(refusal(qwen.directory).contains("checkpoints of `qwen3_moe` cannot carry"))
    }
  }
}

extension URL {
  /// Copies the checkpoint that lies here, in one file of F32 tensors, some of them altered.
  fileprivate func altered(in scratch: URL, _ changes: [String: (Float) -> Float]) throws -> URL {
    let target = scratch.appending(path: UUID().uuidString)
    try FileManager.default.copyItem(at: self, to: target)
    let path = target.appending(path: "model.safetensors")
    var writer = SafeTensorsWriter()
    let file = try SafeTensorsFile(url: path)
    for tensor in file.tensors {
      let values = try file.floatArray(tensor.name, shape: tensor.shape)
      writer.add(
        tensor.name, shape: tensor.shape, floats: values.map(changes[tensor.name] ?? { $0 }))
    }
    for name in changes.keys { try #require(file.tensor(name) != nil, "\(name)") }
    try FileManager.default.removeItem(at: path)
    try writer.write(to: path)
    return target
  }
}
