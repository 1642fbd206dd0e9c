import Foundation

/// One source file, as the architecture tests read it.
struct SourceFile {
  /// More lines than this need a reason.
  static let lineLimit = 500

  /// Its path under `Sources`.
  let path: String
  /// Its text.
  let text: String

  /// The target it belongs to: its first folder.
  var target: String { String(path.prefix { $0 != "/" }) }
  /// How many lines it has.
  var lineCount: Int { text.utf8.count { $0 == UInt8(ascii: "\n") } }

  /// Every Swift and C file under a directory.
  static func all(under sources: URL) throws -> [SourceFile] {
    let root = sources.standardizedFileURL.path
    guard let walker = FileManager.default.enumerator(atPath: root) else { return [] }
    var files: [SourceFile] = []
    for case let path as String in walker {
      guard [".swift", ".c", ".h", ".modulemap"].contains(where: path.hasSuffix) else { continue }
      let text = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
      files.append(SourceFile(path: path, text: text))
    }
    return files.sorted { $0.path < $1.path }
  }

  /// The modules it imports, submodules under their module's name.
  var imports: [String] {
    path.hasSuffix(".swift") ? swiftImports : path.hasSuffix(".map") ? [] : headers
  }

  private var swiftImports: [String] {
    let words = Self.code(of: text).split(whereSeparator: \.isNewline)
      .flatMap { $0.split(separator: ";") }
      .map { $0.split(whereSeparator: \.isWhitespace).map { $0.filter { $0 != "`" } } }
    return words.compactMap { words in
      guard let place = words.firstIndex(of: "import") else { return nil }
      let isImport = words[..<place].allSatisfy { $0.hasPrefix("@") || Self.levels.contains($0) }
      guard isImport else { return nil }
      let names = words[(place + 1)...].drop { Self.kinds.contains($0) }
      return names.first.map { String($0.prefix { $0 != "." }) }
    }
  }

  /// The library modules behind the headers that a C file includes.
  private var headers: [String] {
    guard !target.isEmpty, Self.headerModules.values.allSatisfy({ $0 != target }) else { return [] }
    return Self.code(of: text).split(whereSeparator: \.isNewline).compactMap { line in
      let trimmed = line.trimmingCharacters(in: .whitespaces)
      guard trimmed.hasPrefix("#include") else { return nil }
      return Self.headerModules.first { trimmed.contains("<\($0.key)") }?.value
    }
  }

  private static let levels: Set = ["public", "package", "internal", "fileprivate", "private"]
  private static let kinds: Set = [
    "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
  ]
  private static let headerModules = [
    "cblas": "CBLAS", "openblas": "CBLAS", "archive": "CArchive", "sqlite3": "GRDB",
    "openssl": "Crypto",
  ]

  /// The text without comments and without what stands in string literals.
  private static func code(of text: String) -> String {
    var code: [UInt8] = []
    let bytes = Array(text.utf8)
    var index = 0
    func starts(_ mark: String) -> Bool { bytes[index...].starts(with: mark.utf8) }
    func skip(to end: String) {
      while index < bytes.count, !starts(end) { index += 1 }
      index = min(bytes.count, index + end.utf8.count)
    }
    while index < bytes.count {
      if starts("//") {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
      } else if starts("/*") {
        skip(to: "*/")
      } else if starts("\"\"\"") {
        index += 3
        skip(to: "\"\"\"")
      } else if starts("\"") {
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\""),
          bytes[index] != UInt8(ascii: "\n")
        {
          index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        index += 1
      } else {
        code.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: code, as: UTF8.self)
  }
}
