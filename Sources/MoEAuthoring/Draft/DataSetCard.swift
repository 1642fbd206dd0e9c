import Foundation
import MoEBase

/// What the `README.md` of a Hugging Face data set says at its beginning, as far as reading the data needs it.
///
/// ```
/// ---
/// configs:
/// - config_name: default
///   data_files: [{split: train, path: data/train-*}, {split: test, path: data/test-*}]
/// dataset_info: {features: [{name: label, dtype: {class_label: {names: {'0': negative, '1': positive}}}}]}
/// ---
/// ```
///
/// Reference: huggingface.co/docs/hub/datasets-manual-configuration.
struct DataSetCard {
  /// A configuration: what belongs together as one data set.
  struct Configuration {
    let name: String
    let isDefault: Bool
    /// Patterns of paths, by split.
    let patterns: [(split: String, paths: [String])]
  }

  /// The configurations, in the order of the card.
  let configurations: [Configuration]
  private let info: JSONValue?

  /// A card that says nothing.
  static let empty = DataSetCard(configurations: [], info: nil)

  private init(configurations: [Configuration], info: JSONValue?) {
    self.configurations = configurations
    self.info = info
  }

  /// Reads a README.
  ///
  /// - Throws: ``SourceError/badYAML(file:line:reason:)`` or
  ///   ``SourceError/badField(file:path:expected:got:)``.
  init(readme bytes: [UInt8], name: String) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.last == "\r" ? $0.dropLast() : $0 }
    guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---"), end > 1 else {
      self = .empty
      return
    }
    // An empty first line stands for the dashes, so that line numbers are those of the file.
    let matter = "\n" + lines[1..<end].joined(separator: "\n")
    let value = try YAMLDocument.parse(matter, name: name)
    info = value["dataset_info"]
    configurations = try Self.list(value["configs"]).map {
      try Self.configuration($0, file: name)
    }
  }

  /// The names of a column's classes, in the order of their numbers; `nil` where the card does not tell.
  func classNames(of column: String, configuration: String?) -> [String]? {
    for info in Self.list(info) {
      if let configuration, case .string(let name)? = info["config_name"], name != configuration {
        continue
      }
      for feature in Self.list(info["features"]) where feature["name"] == .string(column) {
        let element = feature["sequence"] ?? feature["list"] ?? feature["dtype"]
        switch element?["class_label"]?["names"] {
        case .array(let names): return names.compactMap(Self.text)
        case .object(let members):
          let numbered = members.compactMap { member in
            Int(member.key).flatMap { number in Self.text(member.value).map { (number, $0) } }
          }.sorted { $0.0 < $1.0 }
          return numbered.map(\.0) == Array(0..<members.count) ? numbered.map(\.1) : nil
        default: continue
        }
      }
    }
    return nil
  }

  private static func configuration(_ value: JSONValue, file: String) throws -> Configuration {
    let name = text(value["config_name"]) ?? "default"
    let files = list(value["data_files"])
    let patterns = try files.compactMap { entry -> (split: String, paths: [String])? in
      if case .string(let path) = entry { return ("train", [path]) }
      guard let split = text(entry["split"]) else {
        throw SourceError.badField(
          file: file, path: "configs.\(name).data_files",
          expected: "a path, or `split` and `path`", got: entry.kind)
      }
      return (split, list(entry["path"]).compactMap(text))
    }
    return Configuration(
      name: name, isDefault: value["default"] == .boolean(true), patterns: patterns)
  }

  /// One value or several.
  private static func list(_ value: JSONValue?) -> [JSONValue] {
    switch value {
    case nil, .null?: []
    case .array(let values)?: values
    case let value?: [value]
    }
  }

  private static func text(_ value: JSONValue?) -> String? {
    switch value {
    case .string(let text)?: text
    case .integer(let number)?: String(number)
    case .boolean(let value)?: String(value)
    default: nil
    }
  }
}
