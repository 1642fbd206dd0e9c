import Foundation
import MoEBase
import MoEModel
import MoETensor
import MoETestSupport

extension ServerBench {
  /// A chat format in the letters that the checkpoint's vocabulary has.
  static let chatTemplate =
    "{% for message in messages %}{{ message['role'][0] }}: {{ message['content'] }}. {% endfor %}"
    + "{% if add_generation_prompt %}a: {% endif %}"

  /// A language model with random weights and a chat template.
  static func languageModel(in directory: TemporaryDirectory) throws -> Backbone {
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../MoEModelTests/Decoder/Golden/olmoe").standardizedFileURL
    let checkpoint = directory.url.appending(path: "checkpoint")
    try FileManager.default.copyItem(at: golden, to: checkpoint)
    try Data(
      ([
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end|>",
        "chat_template": .string(chatTemplate),
      ] as JSONValue).bytes
    ).write(to: checkpoint.appending(path: "tokenizer_config.json"))
    let registry = BackboneRegistry(root: directory.url.appending(path: "backbones"))
    let entry = try registry.add(from: checkpoint, name: "random").entry
    return try Backbone(entry.known, files: entry.files, kernels: Kernels())
  }

  /// Starts a server of that model, without packs.
  static func speaking() async throws -> ServerBench {
    let directory = try TemporaryDirectory()
    return try await ServerBench(
      packs: [], in: directory, backbone: try languageModel(in: directory))
  }
}
