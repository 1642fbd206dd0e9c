import Foundation
import MoEAuthoring
import MoEBase
import MoEModel
import MoEPackFormat
import MoETensor
import MoETestSupport
import SafeTensors

extension CommandBench {
  /// Builds a pack of tags on the tiny backbone and writes its archive.
  ///
  /// - Parameters:
  ///   - release: Its release, and the seed of its training texts.
  ///   - thresholds: What stands in the pack in place of its thresholds.
  /// - Returns: The path of the archive.
  /// - Throws: What building or writing throws.
  func tagArchive(release: Int = 1, thresholds: [Float]? = nil) throws -> String {
    let source = directory.path("tags-\(release)")
    for (name, bytes) in TinyTags.files(release: release) {
      let file = URL(fileURLWithPath: source).appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    var generator = SeededGenerator(seed: 81)
    let texts = (0..<440).map { _ in TinyTexts.text(topic: nil, using: &generator) }
    let pool = ThreadPool(threads: 2)
    let profile = try ProfileBuild(backbone: backbone, pool: pool)
      .run(corpus: Array(texts[0..<400]), anchors: Array(texts[400...]))
    let built = try PackBuild(
      source: PackSource(
        directory: URL(fileURLWithPath: source), allowsNearDuplicates: true, backbones: ["tiny"]),
      backbone: backbone, profile: (profile, TinyBackbone.profileDigest), pool: pool
    ).run()
    var entries = built.entries
    if let thresholds, let place = entries.firstIndex(where: { $0.name == EntryName.heads }) {
      let heads = try SafeTensorsFile(bytes: entries[place].bytes, name: EntryName.heads)
      var writer = SafeTensorsWriter()
      for tensor in heads.tensors {
        writer.add(
          tensor.name, shape: tensor.shape,
          floats: tensor.name == "topics.threshold"
            ? thresholds : try heads.floatArray(tensor.name, shape: tensor.shape))
      }
      entries[place] = PackEntry(name: EntryName.heads, bytes: writer.bytes())
    }
    let path = directory.path("tags-\(release)\(thresholds == nil ? "" : "-other").moepack")
    _ = try PackWriter(keys: [TinyPack.key]).write(
      built.manifest, entries: entries, to: URL(fileURLWithPath: path))
    return path
  }
}
