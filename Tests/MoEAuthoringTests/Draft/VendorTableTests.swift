import Foundation
import MoEAuthoring
import MoEBase
import MoETestSupport
import Testing

@Suite struct VendorTableTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func write(_ files: [String: String]) throws {
    for (name, text) in files {
      let url = directory.url.appending(path: name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
  }

  private func read(
    _ name: String = "set", _ columns: VendorTable.Columns = VendorTable.Columns()
  ) throws -> VendorTable {
    try VendorTable(directory.url.appending(path: name), name: name, columns: columns)
  }

  @Test func `columns are told by their names, or named`() throws {
    try write(["a.csv": "id,Question,Intent,extra\n1,who?,x,y\n2,why?,z,\n"])
    #expect(try read("a.csv").train.map(\.text) == ["who?", "why?"])
    #expect(try read("a.csv").train.flatMap(\.labels) == ["x", "z"])
    let named = try read("a.csv", VendorTable.Columns(text: "extra", label: "id"))
    #expect(named.train.flatMap(\.labels) == ["1"] && named.leftOut == ["`a.csv` line 3"])
    let error = #expect(throws: SourceError.self) {
      try read("a.csv", VendorTable.Columns(label: "kind"))
    }
    #expect(
      error?.message
        == "`a.csv`: no column of labels: expected `kind`, got `id`, `Question`, `Intent`, `extra`")
  }

  @Test func `rows without a text or a label are left out, and said`() throws {
    try write([
      "a.jsonl": """
      {"text": "a", "label": "x", "more": [1]}
      {"text": " ", "label": "x"}
      {"text": "b"}
      {"text": "c", "label": -1}
      {"text": "d", "label": 3}

      """
    ])
    let table = try read("a.jsonl")
    #expect(table.train.map(\.text) == ["a", "d"] && table.train.flatMap(\.labels) == ["x", "3"])
    #expect(table.leftOut == (2...4).map { "`a.jsonl` line \($0)" })
  }

  @Test func `a data set's card says which files belong to which split, and what numbers mean`()
    throws
  {
    try write([
      "set/README.md": """
      ---
      license: mit
      configs:
      - config_name: other
        data_files: other.csv
      - config_name: default
        data_files:
        - split: train
          path: data/train-*
        - split: test
          path: [data/test-*.jsonl]
      dataset_info:
      - config_name: default
        features:
        - {name: text, dtype: string}
        - name: label
          dtype: {class_label: {names: {'0': negative, '1': positive}}}
      ---
      # A data set
      """,
      "set/data/train-0.jsonl": #"{"text": "a", "label": 1}"# + "\n",
      "set/data/train-1.jsonl": #"{"text": "b", "label": 0}"# + "\n",
      "set/data/test-0.jsonl": #"{"text": "c", "label": 1}"# + "\n",
      "set/other.csv": "text,label\nd,e\n",
    ])
    let table = try read()
    #expect(table.train.map(\.text) == ["a", "b"])
    #expect(table.train.flatMap(\.labels) == ["positive", "negative"])
    #expect(table.test.flatMap(\.labels) == ["positive"])
    #expect(
      try read("set", VendorTable.Columns(configuration: "other")).train.flatMap(\.labels) == ["e"])
    let error = #expect(throws: SourceError.self) {
      try read("set", VendorTable.Columns(configuration: "none"))
    }
    #expect(error?.message.contains("expected `other`, `default`, got `none`") == true)
  }

  @Test func `a class that the card does not name is refused with its line`() throws {
    try write([
      "set/README.md":
        "---\ndataset_info: {features: [{name: label, dtype: {class_label: {names: [a, b]}}}]}\n---\n",
      "set/train.jsonl": #"{"text": "x", "label": 0}"# + "\n" + #"{"text": "y", "label": 2}"#
        + "\n",
    ])
    let error = #expect(throws: SourceError.self) { try read() }
    #expect(
      error?.message.hasPrefix("`set/train.jsonl` line 2: expected a class from 0 to 1") == true)
  }

  @Test func `without a card the paths tell the split`() throws {
    try write([
      "set/train.csv": "text,label\na,x\n", "set/dev.tsv": "text\tlabel\nb\tx\n",
      "set/data/test-00000-of-00001.jsonl": #"{"sentence": "c", "category": "x"}"# + "\n",
      "set/.cache/train.csv": "text,label\nz,z\n", "set/dataset_info.json": "{}",
    ])
    let table = try read()
    #expect(table.train.map(\.text) == ["a"] && table.valid.map(\.text) == ["b"])
    #expect(table.test.map(\.text) == ["c"])
  }

  @Test func `a Parquet file is refused until it is converted beside itself`() throws {
    try write([
      "set/README.md":
        "---\nconfigs: [{config_name: c, data_files: [{split: train, path: 'data/*.parquet'}]}]\n---\n"
    ])
    try write(["set/data/train.parquet": "PAR1"])
    let error = #expect(throws: SourceError.self) { try read() }
    #expect(error == .unreadableFormat(file: "set/data/train.parquet", format: "parquet"))
    try write(["set/data/train.jsonl": #"{"text": "a", "label": "x"}"# + "\n"])
    #expect(try read().train.map(\.text) == ["a"])
  }

  @Test func `files are found through links, as the hub's cache keeps them`() throws {
    try write(["blobs/1": "text,label\na,x\n"])
    try FileManager.default.createDirectory(
      at: directory.url.appending(path: "set"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: directory.path("set/train.csv"), withDestinationPath: "../blobs/1")
    #expect(try read().train.map(\.text) == ["a"])
  }

  @Test func `a pattern that matches nothing, and a directory without data, are refused`() throws {
    try write([
      "set/README.md": "---\nconfigs: [{config_name: c, data_files: 'nothing-*'}]\n---\n",
      "set/train.csv": "text,label\na,x\n", "empty/README.md": "# Nothing\n",
    ])
    #expect(throws: SourceError.self) { try read() }
    let error = #expect(throws: SourceError.self) { try read("empty") }
    #expect(error?.exitCode == .notFound)
    // A pattern cannot reach out of the directory.
    try write([
      "set/README.md": "---\nconfigs: [{config_name: c, data_files: '../outside.csv'}]\n---\n"
    ])
    try write(["outside.csv": "text,label\nb,y\n"])
    #expect(throws: SourceError.self) { try read() }
  }
}
