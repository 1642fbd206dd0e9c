public import Foundation
import MoEBase

/// The glosses and example sentences of WordNet, from its database files.
///
/// A line of `data.noun`, `data.verb`, `data.adj` or `data.adv` holds a synset; what follows ` | ` is its
/// gloss: a definition, and quoted examples after semicolons. Each becomes a text of its own.
public enum WordNetCorpus {
  /// The files that are read.
  public static let fileNames = ["data.adj", "data.adv", "data.noun", "data.verb"]

  /// Reads the texts, each once, in an order that depends on nothing but the texts: by their SHA-256.
  ///
  /// - Parameter directory: Where the database files lie (Debian: `/usr/share/wordnet`).
  /// - Returns: The texts.
  /// - Throws: ``SourceError`` when a file is not there or not UTF-8.
  public static func texts(in directory: URL) throws -> [String] {
    var texts: Set<String> = []
    for name in fileNames {
      let bytes = try SourceFile.bytes(
        directory.appending(path: name), name: directory.appending(path: name).path,
        neededBy: "WordNet's database (Debian package `wordnet-base`)", limit: 1 << 28)
      for line in try text(bytes, name: name).split(separator: "\n")
      where !line.hasPrefix("  ") {
        texts.formUnion(parts(ofSynset: line))
      }
    }
    return order(texts)
  }

  /// Reads a file of one text a line, in the same order; of a file whose name ends in `.jsonl` the member `text` of
  /// each line, which may have line feeds of its own.
  ///
  /// - Throws: ``SourceError``.
  public static func lines(of file: URL) throws -> [String] {
    let bytes = try SourceFile.bytes(
      file, name: file.path, neededBy: "`--corpus`", limit: 1 << 30)
    guard file.pathExtension != "jsonl" else {
      let texts = try TextLines.read(bytes, name: file.lastPathComponent) {
        reader throws(JSONSchemaError) in
        let text = try reader.string("text")
        guard !text.trimmed.isEmpty else {
          throw JSONSchemaError(path: "text", expected: "a text that is not empty", got: "none")
        }
        return text
      }
      return order(Set(texts))
    }
    let lines = try text(bytes, name: file.path).split(whereSeparator: \.isNewline)
    return order(Set(lines.map { String($0).trimmed }.filter { !$0.isEmpty }))
  }

  private static func text(_ bytes: [UInt8], name: String) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SourceError.unreadable(path: name, reason: "it is not UTF-8")
    }
    return text
  }

  /// The definition and the examples of one line of a data file.
  static func parts(ofSynset line: Substring) -> [String] {
    guard let bar = line.range(of: " | ") else { return [] }
    return line[bar.upperBound...].components(separatedBy: "; \"").map { part in
      part.trimmingCharacters(in: CharacterSet(charactersIn: "\" \t\r;"))
    }.filter { !$0.isEmpty }
  }

  private static func order(_ texts: Set<String>) -> [String] {
    texts.map { (Digest(of: Array($0.utf8)), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
