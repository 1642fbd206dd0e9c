public import Foundation
public import MoEBase
import SafeTensors

/// What is computed once per backbone from public text, and that every vendor shares.
///
/// Files: `profile.safetensors` holds `mean` (F64 `[G]`), `covariance` (F64 `[G, G]`), `negatives`
/// (F32 `[M, G]`) and `anchors` (F32 `[A, G]`); `texts.jsonl` holds the texts of the negatives, the anchors
/// and the probes, a line each: `{"use":"negative","text":"…"}`. The digest of the profile covers both files.
public struct BackboneProfile: Sendable {
  /// μ₀, `[G]`: the mean of the features over the background texts.
  public let mean: [Double]
  /// Σ₀, `[G, G]`, row-major: the covariance of the features over the background texts.
  public let covariance: [Double]
  /// The features of background sentences that calibrations are held against, `[M, G]`.
  public let negatives: [Float]
  /// The texts of the negatives, `[M]`.
  public let negativeTexts: [String]
  /// The features of the anchors: ordinary texts of many topics and registers, written for this purpose, `[A, G]`.
  public let anchors: [Float]
  /// The texts of the anchors, `[A]`.
  public let anchorTexts: [String]
  /// Neutral texts that no pack should answer, apart from background and negatives.
  public let probes: [String]

  /// G.
  public var width: Int { mean.count }

  /// The files, in the order of their names.
  public static let fileNames = ["profile.safetensors", "texts.jsonl"]
  /// The most lines `texts.jsonl` may have.
  static let textLimit = 1_000_000

  /// Makes a profile of its parts.
  public init(
    mean: [Double], covariance: [Double], negatives: [Float], negativeTexts: [String],
    anchors: [Float], anchorTexts: [String], probes: [String]
  ) {
    precondition(covariance.count == mean.count * mean.count, "the covariance is [G, G]")
    precondition(negatives.count == negativeTexts.count * mean.count, "one row a negative")
    precondition(anchors.count == anchorTexts.count * mean.count, "one row an anchor")
    self.mean = mean
    self.covariance = covariance
    self.negatives = negatives
    self.negativeTexts = negativeTexts
    self.anchors = anchors
    self.anchorTexts = anchorTexts
    self.probes = probes
  }

  /// The bytes of each file.
  public func files() -> [String: [UInt8]] {
    var writer = SafeTensorsWriter()
    writer.add("mean", shape: [width], doubles: mean)
    writer.add("covariance", shape: [width, width], doubles: covariance)
    writer.add("negatives", shape: [negativeTexts.count, width], floats: negatives)
    writer.add("anchors", shape: [anchorTexts.count, width], floats: anchors)
    var lines: [UInt8] = []
    let groups = [("negative", negativeTexts), ("anchor", anchorTexts), ("probe", probes)]
    for (use, texts) in groups {
      for text in texts {
        JSONValue.object([JSONMember("use", .string(use)), JSONMember("text", .string(text))])
          .write(to: &lines)
        lines.append(UInt8(ascii: "\n"))
      }
    }
    return ["profile.safetensors": writer.bytes(), "texts.jsonl": lines]
  }

  /// The digest of a set of profile files.
  public static func digest(of files: [String: [UInt8]]) -> Digest {
    Digest(fileSet: files.mapValues { Digest(of: $0) })
  }

  /// Reads a profile.
  ///
  /// - Parameters:
  ///   - directory: Where the two files lie.
  ///   - width: G, the width of the backbone's features.
  /// - Returns: The profile and its digest, over the bytes that were read.
  /// - Throws: ``BackboneError/badProfile(reason:)``.
  public static func load(
    directory: URL, width: Int
  ) throws -> (profile: BackboneProfile, digest: Digest) {
    var files: [String: [UInt8]] = [:]
    for name in fileNames {
      do {
        files[name] = Array(try Data(contentsOf: directory.appending(path: name)))
      } catch {
        throw BackboneError.badProfile(reason: "`\(name)` cannot be read from `\(directory.path)`")
      }
    }
    return (try BackboneProfile(files: files, width: width), digest(of: files))
  }

  /// Reads a profile from the bytes of its files.
  ///
  /// - Throws: ``BackboneError/badProfile(reason:)``.
  public init(files: [String: [UInt8]], width: Int) throws {
    do {
      let tensors = try SafeTensorsFile(
        bytes: files["profile.safetensors"] ?? [], name: "profile.safetensors")
      var texts: [String: [String]] = [:]
      let lines = (files["texts.jsonl"] ?? []).split(separator: UInt8(ascii: "\n"))
      for line in lines.prefix(Self.textLimit) {
        var reader = try JSONReader(try JSONValue(parsing: Array(line)))
        texts[try reader.string("use"), default: []].append(try reader.string("text"))
        try reader.finish()
      }
      let negativeTexts = texts["negative"] ?? []
      let anchorTexts = texts["anchor"] ?? []
      self.init(
        mean: try tensors.doubleArray("mean", shape: [width]),
        covariance: try tensors.doubleArray("covariance", shape: [width, width]),
        negatives: try tensors.floatArray("negatives", shape: [negativeTexts.count, width]),
        negativeTexts: negativeTexts,
        anchors: try tensors.floatArray("anchors", shape: [anchorTexts.count, width]),
        anchorTexts: anchorTexts, probes: texts["probe"] ?? [])
    } catch let error as JSONSyntaxError {
      throw BackboneError.badProfile(reason: "`texts.jsonl` is not JSON lines: \(error.reason)")
    } catch let error as JSONSchemaError {
      throw BackboneError.badProfile(
        reason: "`texts.jsonl`: `\(error.path)`: expected \(error.expected), got \(error.got)")
    } catch let error as SafeTensorsError {
      throw BackboneError.badProfile(reason: error.message)
    }
  }
}
