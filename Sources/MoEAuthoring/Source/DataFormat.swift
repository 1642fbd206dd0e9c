import MoEBase

/// How a data file is written, told by the end of its name.
public enum DataFormat: Sendable, Equatable {
  /// One JSON object a line; every name that says nothing else.
  case jsonLines
  /// `.csv`.
  case commaSeparated
  /// `.tsv`.
  case tabSeparated

  /// The format of a file.
  ///
  /// - Throws: ``SourceError/unreadableFormat(file:format:)`` for columnar files, which have to be converted.
  public init(fileName: String) throws(SourceError) {
    let suffix = fileName.split(separator: ".").last.map { $0.lowercased() } ?? ""
    switch suffix {
    case "csv": self = .commaSeparated
    case "tsv": self = .tabSeparated
    case "parquet", "arrow", "feather":
      throw SourceError.unreadableFormat(file: fileName, format: suffix)
    default: self = .jsonLines
    }
  }

  /// What stands between fields; `nil` for JSON Lines.
  var separator: UInt8? {
    switch self {
    case .jsonLines: nil
    case .commaSeparated: UInt8(ascii: ",")
    case .tabSeparated: UInt8(ascii: "\t")
    }
  }
}

/// One row of a data file: an object by column or key, and where each value stands.
struct DataRow {
  /// The object; an empty field of a delimited file is left out.
  let value: JSONValue
  /// The line it begins on, counted from 1.
  let line: Int
  /// Where the fields of a delimited file begin, by name.
  var places: [String: (line: Int, column: Int)] = [:]
}

/// The rows of a data file in any format, in its order.
struct DataRows {
  let file: String

  /// Reads rows; what cannot be read stands in the row's place.
  ///
  /// - Parameters:
  ///   - bytes: The file.
  ///   - format: How it is written.
  ///   - isHeader: Refuses the columns of a delimited file by throwing.
  /// - Returns: A row or its fault for each row; in a delimited file nothing after a fault of its syntax.
  func read(
    _ bytes: [UInt8], format: DataFormat,
    checkingColumns isHeader: ([DelimitedText.Field]) throws(SourceError) -> Void = { _ in }
  ) -> [Result<DataRow, SourceError>] {
    guard let separator = format.separator else { return lines(bytes) }
    var reader = DelimitedText(bytes, separator: separator, file: file)
    var rows: [Result<DataRow, SourceError>] = []
    do throws(SourceError) {
      guard let header = try reader.next() else { return [] }
      try checkNames(header.fields)
      try isHeader(header.fields)
      while let record = try reader.next() {
        rows.append(row(record, columns: header.fields.map(\.text)))
      }
    } catch {
      rows.append(.failure(error))
    }
    return rows
  }

  private func checkNames(_ header: [DelimitedText.Field]) throws(SourceError) {
    var seen: Set<[UInt8]> = []
    for field in header where !seen.insert(Array(field.text.utf8)).inserted {
      throw SourceError.badLine(
        file: file, line: field.line, column: field.column,
        expected: "every column named once", got: "`\(field.text.prefix(80))` again")
    }
  }

  private func row(
    _ record: DelimitedText.Record, columns: [String]
  ) -> Result<DataRow, SourceError> {
    guard record.fields.count == columns.count else {
      let last = record.fields[min(record.fields.count, columns.count + 1) - 1]
      return .failure(
        .badLine(
          file: file, line: last.line, column: last.column,
          expected: "\(columns.count) fields, as the first line names",
          got: "\(record.fields.count)"
        ))
    }
    var places: [String: (line: Int, column: Int)] = [:]
    var members: [JSONMember] = []
    for (column, field) in zip(columns, record.fields) {
      places[column] = (field.line, field.column)
      if !field.text.isEmpty { members.append(JSONMember(column, .string(field.text))) }
    }
    return .success(DataRow(value: .object(members), line: record.line, places: places))
  }

  private func lines(_ bytes: [UInt8]) -> [Result<DataRow, SourceError>] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.enumerated().map { index, line in
      Result { () throws(SourceError) in
        DataRow(value: try object(Array(line), line: index + 1), line: index + 1)
      }
    }
  }

  private func object(_ bytes: [UInt8], line: Int) throws(SourceError) -> JSONValue {
    func bad(_ expected: String, _ got: String) -> SourceError {
      .badLine(file: file, line: line, expected: expected, got: got)
    }
    guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else {
      throw bad("a JSON object", "an empty line")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw bad("UTF-8", "bytes that are not UTF-8")
    }
    guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
      throw bad("a JSON object", "a byte order mark before it")
    }
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw bad("one JSON object", "\(error.reason) (byte \(error.offset))")
    }
  }
}
