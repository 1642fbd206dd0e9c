import Foundation
import MoEBase
import MoETensor
import SafeTensors

/// A decoder's weights in the panels that the kernels read: written once when a backbone is added, mapped ever after.
///
/// A safetensors file: each matrix `[F, D]` a tensor `[⌈F / 32⌉, D, 32]` in the checkpoint's own numbers,
/// rows beyond F zero; each vector F32. Data start at a multiple of 64, matrices come first, so every matrix
/// lies at a multiple of 64. Nothing of it becomes resident before it is multiplied.
public enum PanelFile {
  /// Its name in a backbone's directory.
  public static let name = "panels.safetensors"
  /// The bytes of rows that are packed at a time.
  private static let chunkBytes = 16 << 20

  /// Writes the panels of a checkpoint, every tensor of which must map and be finite.
  ///
  /// - Parameters:
  ///   - checkpoint: The tensors.
  ///   - architecture: What they are.
  ///   - url: The new file.
  ///   - progress: Told the bytes written, and of how many.
  /// - Throws: ``BackboneError`` naming the tensor, or what writing throws; the file is then useless.
  static func write(
    _ checkpoint: Checkpoint, architecture: DecoderArchitecture, to url: URL,
    progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws {
    let keys = CheckpointKeys(architecture)
    let matrices = try keys.matrices.map { try CheckpointMatrix($0, checkpoint: checkpoint) }
    let vectors = try keys.vectors.map { ($0, try checkpoint.vector($0)) }
    try checkTensors(checkpoint, keys: keys, matrices: matrices)
    let output = try SafeTensorsStream(
      url: url,
      tensors: matrices.map { .init($0.source.name, DType($0.format), shape: $0.panelShape) }
        + vectors.map { .init($0.0.name, .f32, shape: [$0.1.count]) })
    let total = matrices.reduce(0) { $0 + $1.sizeBytes }
    var done = 0
    for matrix in matrices {
      try matrix.pack(chunkBytes: chunkBytes) { bytes in
        try output.write(bytes)
        done += bytes.count
        progress?(done, total)
      }
    }
    for (_, values) in vectors { try values.withUnsafeBytes { try output.write($0) } }
    try output.finish()
  }

  /// Refuses a checkpoint with tensors that nothing here is made of.
  static func checkTensors(
    _ checkpoint: Checkpoint, keys: CheckpointKeys, matrices: [CheckpointMatrix]
  ) throws {
    var used = Set(matrices.flatMap { $0.blocks.map(\.tensor) })
    for source in keys.vectors { used.formUnion(source.tensors.map(\.name)) }
    if keys.architecture.tiesEmbeddings, checkpoint.contains(CheckpointKeys.outputTensor) {
      try requireTied(checkpoint, keys: keys)
      used.insert(CheckpointKeys.outputTensor)
    }
    let superfluous = checkpoint.tensorNames.subtracting(used)
      .filter { !CheckpointKeys.isDerived($0) }.min()
    if let superfluous {
      throw BackboneError.badTensor(
        name: superfluous, expected: "a tensor of `\(keys.architecture.family.rawValue)`",
        got: "a name that does not map")
    }
  }

  /// Where embeddings are tied, a repeated output map must be the embedding.
  private static func requireTied(_ checkpoint: Checkpoint, keys: CheckpointKeys) throws {
    let shape = [keys.architecture.vocabularySize, keys.architecture.width]
    let (file, tensor, _) = try checkpoint.tensor(CheckpointKeys.outputTensor, shape: shape)
    let (other, embedding, _) = try checkpoint.tensor(keys.embeddingTensor, shape: shape)
    let isSame = file.withBytes(of: tensor) { a in
      other.withBytes(of: embedding) { b in
        a.count == b.count
          && (a.baseAddress.flatMap { x in b.baseAddress.map { memcmp(x, $0, a.count) == 0 } }
            ?? true)
      }
    }
    guard isSame else {
      throw BackboneError.badTensor(
        name: CheckpointKeys.outputTensor,
        expected: "the embedding itself, as `tie_word_embeddings` says", got: "other values")
    }
  }
}
