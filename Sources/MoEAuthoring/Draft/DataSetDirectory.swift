import Foundation
import MoEBase

/// A Hugging Face data set as it lies on disk: which of its files belong to which split.
///
/// The files are those that the configuration in `README.md` names; without one, every data file, its split told
/// by `train`, `validation` (`valid`, `val`, `dev`) or `test` (`eval`, `evaluation`) in its path, as the library
/// does. Of a Parquet file and the JSON Lines written from it beside it, the latter is read.
struct DataSetDirectory {
  /// What a split is for.
  enum Split: CaseIterable {
    case train, valid, test

    fileprivate var words: [String] {
      switch self {
      case .train: ["train", "training"]
      case .valid: ["validation", "valid", "val", "dev"]
      case .test: ["test", "testing", "eval", "evaluation"]
      }
    }
  }

  /// The files of each split, as paths within the directory.
  let files: [Split: [String]]
  /// The card at its top.
  let card: DataSetCard
  /// The configuration that was taken; `nil` where the card names none.
  let configuration: String?

  private static let suffixes: Set<String> = [
    "jsonl", "json", "ndjson", "csv", "tsv", "parquet", "arrow", "feather",
  ]
  /// Files of these names describe, and hold no example.
  private static let descriptions: Set<String> = [
    "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "config.json",
  ]

  /// Looks through a directory.
  ///
  /// - Parameters:
  ///   - directory: Where it lies.
  ///   - name: What error sentences call it.
  ///   - configuration: The configuration to take; without it the default, or the only one.
  /// - Throws: ``SourceError``.
  init(_ directory: URL, name: String, configuration: String?) throws {
    let paths = try Self.dataFiles(in: directory, name: name)
    let readme = directory.appending(path: "README.md")
    card =
      FileManager.default.fileExists(atPath: readme.path)
      ? try DataSetCard(
        readme: try SourceFile.bytes(
          readme, name: "\(name)/README.md", neededBy: "the data set", limit: 1 << 22),
        name: "\(name)/README.md") : .empty
    let chosen = try Self.choose(configuration, of: card.configurations, name: name)
    self.configuration = chosen?.name ?? configuration
    var files: [Split: [String]] = [:]
    if let chosen, !chosen.patterns.isEmpty {
      for (split, patterns) in chosen.patterns {
        guard let split = Split.allCases.first(where: { $0.words.contains(split.lowercased()) })
        else { continue }
        let matched = paths.filter { path in patterns.contains { Self.matches(path, $0) } }
        guard !matched.isEmpty else {
          throw SourceError.badField(
            file: "\(name)/README.md", path: "configs.\(chosen.name).data_files",
            expected: "patterns that match data files of the directory",
            got: patterns.map { "`\($0)`" }.joined(separator: ", "))
        }
        files[split, default: []] += matched
      }
    } else {
      for path in paths { files[Self.split(of: path) ?? .train, default: []].append(path) }
    }
    self.files = files.mapValues(Self.withoutConverted)
    guard self.files[.train]?.isEmpty == false else {
      throw SourceError.missingFile(
        path: "\(name)/train.jsonl", neededBy: "the training split of a data set")
    }
  }

  private static func choose(
    _ wanted: String?, of configurations: [DataSetCard.Configuration], name: String
  ) throws -> DataSetCard.Configuration? {
    guard let wanted else {
      guard configurations.count > 1 else { return configurations.first }
      if let marked = configurations.first(where: { $0.isDefault || $0.name == "default" }) {
        return marked
      }
      throw SourceError.badField(
        file: "\(name)/README.md", path: "configs",
        expected: "`--config` to name one of "
          + configurations.map { "`\($0.name)`" }.joined(separator: ", "), got: "none")
    }
    guard !configurations.isEmpty else { return nil }
    guard let found = configurations.first(where: { $0.name == wanted }) else {
      throw SourceError.badField(
        file: "\(name)/README.md", path: "configs",
        expected: configurations.map { "`\($0.name)`" }.joined(separator: ", "),
        got: "`\(wanted)`")
    }
    return found
  }

  /// The data files, links followed, by path; hidden ones are passed over.
  private static func dataFiles(in directory: URL, name: String) throws -> [String] {
    let paths = try? FileManager.default.subpathsOfDirectory(atPath: directory.path)
    guard let paths else {
      throw SourceError.unreadable(path: name, reason: "it is no directory that can be read")
    }
    return paths.filter { path in
      let parts = path.split(separator: "/")
      guard let last = parts.last, !parts.contains(where: { $0.hasPrefix(".") }),
        !descriptions.contains(String(last))
      else { return false }
      return suffixes.contains((last.split(separator: ".").last ?? "").lowercased())
    }.sorted()
  }

  /// A shell pattern: `*` and `?` within a part of the path, `**` across parts.
  static func matches(_ path: String, _ pattern: String) -> Bool {
    let pattern = pattern.hasPrefix("./") ? String(pattern.dropFirst(2)) : pattern
    let flags = pattern.contains("**") ? 0 : FNM_PATHNAME
    return fnmatch(pattern, path, flags) == 0
      || fnmatch(pattern, converted(path, to: "parquet"), flags) == 0
      || fnmatch(pattern, converted(path, to: "arrow"), flags) == 0
  }

  /// The split that a path names as a word of its own.
  private static func split(of path: String) -> Split? {
    let words = path.lowercased().split { !$0.isLetter }.map(String.init)
    return Split.allCases.first { split in words.contains { split.words.contains($0) } }
  }

  /// Columnar files give way to the JSON Lines beside them.
  private static func withoutConverted(_ paths: [String]) -> [String] {
    let all = Set(paths)
    return paths.filter { path in
      let lines = converted(path, to: "jsonl")
      return lines == path || !isColumnar(path) || !all.contains(lines)
    }
  }

  private static func isColumnar(_ path: String) -> Bool {
    ["parquet", "arrow", "feather"].contains { path.hasSuffix(".\($0)") }
  }

  private static func converted(_ path: String, to suffix: String) -> String {
    guard let dot = path.lastIndex(of: ".") else { return path }
    return path[..<dot] + "." + suffix
  }
}
