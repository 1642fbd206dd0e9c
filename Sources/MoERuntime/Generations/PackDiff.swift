import MoEBase
public import MoEPackFormat
import SafeTensors

/// What tells one pack from another: manifest, labels, eval results, entries, tensors.
public struct PackDiff: Sendable {
  /// A field of the manifest that differs.
  public struct Field: Sendable, Equatable {
    /// Its path: `dispatcher.threshold`.
    public let path: String
    /// Its value in the first pack, as JSON; `nil` where it has none.
    public let before: String?
    /// In the second.
    public let after: String?
  }

  /// A task's labels that only one of the packs has.
  public struct Labels: Sendable, Equatable {
    /// The task.
    public let task: String
    /// Those of the second pack alone.
    public let added: [String]
    /// Those of the first alone.
    public let removed: [String]
  }

  /// An eval set of either pack.
  public struct Eval: Sendable {
    /// Its name.
    public let name: String
    /// What the first pack claims; `nil` where it has no such set.
    public let before: Manifest.Evaluation?
    /// What the second claims.
    public let after: Manifest.Evaluation?
    /// Whether both measure by the same bytes.
    public let isSameSet: Bool
  }

  /// An entry that differs.
  public struct Entry: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Its size in the first pack, in bytes; `nil` where it has none.
    public let sizeBefore: Int?
    /// In the second.
    public let sizeAfter: Int?
  }

  /// A tensor that differs.
  public struct Tensor: Sendable, Equatable {
    /// The entry it lies in.
    public let entry: String
    /// Its name.
    public let name: String
    /// Its shape in the first pack; `nil` where it has none.
    public let shapeBefore: [Int]?
    /// In the second.
    public let shapeAfter: [Int]?
    /// The greatest difference of two numbers; `nil` where the shapes differ.
    public let greatestDifference: Double?
    /// The length of the difference against that of the first tensor; `nil` where the shapes differ.
    public let relativeDifference: Double?
  }

  /// The first pack.
  public let before: PackContents
  /// The second.
  public let after: PackContents
  /// What differs in the manifests, but for what stands below.
  public let fields: [Field]
  /// Labels.
  public let labels: [Labels]
  /// Every eval set.
  public let evals: [Eval]
  /// Entries.
  public let entries: [Entry]
  /// Tensors.
  public let tensors: [Tensor]
  /// How many tensors are the same, number for number.
  public let sameTensors: Int

  /// Whether both are one pack.
  public var isSame: Bool { before.digest == after.digest }

  /// Compares two packs.
  ///
  /// - Throws: `SafeTensorsError` where a staged file is gone or another.
  public init(_ before: PackContents, _ after: PackContents) throws {
    self.before = before
    self.after = after
    fields = Self.fields(before.manifest.json, after.manifest.json)
    labels = Self.labels(before.manifest, after.manifest)
    evals = Self.evals(before.manifest, after.manifest)
    entries = Self.entries(before.manifest, after.manifest)
    (tensors, sameTensors) = try Self.tensors(before, after)
  }

  // MARK: - Manifest

  /// What has a place of its own.
  private static let elsewhere: Set<String> = ["entries", "tensors", "evals"]

  /// Lists of named things, and the key of the name.
  private static let named = ["tasks": "name", "provenance.data": "file"]

  private static func fields(_ before: JSONValue, _ after: JSONValue) -> [Field] {
    let (first, second) = (leaves(before), leaves(after))
    let keys =
      first.map(\.path)
      + second.map(\.path).filter { path in
        !first.contains { $0.path == path }
      }
    return keys.compactMap { path in
      let (a, b) = (
        first.first { $0.path == path }?.value, second.first { $0.path == path }?.value
      )
      return a == b ? nil : Field(path: path, before: a, after: b)
    }
  }

  /// Every value of a manifest that is no object, by its path.
  private static func leaves(_ value: JSONValue, path: String = "") -> [(
    path: String, value: String
  )] {
    guard case .object(let members) = value else { return [(path, value.text)] }
    return members.flatMap { member -> [(path: String, value: String)] in
      if path.isEmpty, elsewhere.contains(member.key) { return [] }
      let here = path.isEmpty ? member.key : "\(path).\(member.key)"
      // Of a list of things that have a name, each is told by it.
      guard let name = named[here], case .array(let elements) = member.value else {
        return leaves(member.value, path: here)
      }
      return elements.flatMap { element -> [(path: String, value: String)] in
        guard case .object(let fields) = element, case .string(let word)? = element[name] else {
          return []
        }
        return leaves(
          .object(fields.filter { $0.key != name && $0.key != "labels" }), path: "\(here).\(word)")
      }
    }
  }

  private static func labels(_ before: Manifest, _ after: Manifest) -> [Labels] {
    let names =
      before.tasks.map(\.name)
      + after.tasks.map(\.name).filter { name in
        !before.tasks.contains { $0.name == name }
      }
    return names.compactMap { name in
      let first = before.tasks.first { $0.name == name }?.labels ?? []
      let second = after.tasks.first { $0.name == name }?.labels ?? []
      let (old, new) = (Set(first.map { Array($0.utf8) }), Set(second.map { Array($0.utf8) }))
      let added = second.filter { !old.contains(Array($0.utf8)) }
      let removed = first.filter { !new.contains(Array($0.utf8)) }
      return added.isEmpty && removed.isEmpty
        ? nil : Labels(task: name, added: added, removed: removed)
    }
  }

  private static func evals(_ before: Manifest, _ after: Manifest) -> [Eval] {
    let names =
      before.evals.map(\.name)
      + after.evals.map(\.name).filter { name in
        !before.evals.contains { $0.name == name }
      }
    return names.map { name in
      let (first, second) = (
        before.evals.first { $0.name == name }, after.evals.first { $0.name == name }
      )
      let digests = [(before, first), (after, second)].map { manifest, eval in
        manifest.entries.first { $0.name == eval?.entry }?.digest
      }
      return Eval(
        name: name, before: first, after: second,
        isSameSet: digests[0] != nil && digests[0] == digests[1])
    }
  }

  private static func entries(_ before: Manifest, _ after: Manifest) -> [Entry] {
    let names =
      before.entries.map(\.name)
      + after.entries.map(\.name).filter { name in
        !before.entries.contains { $0.name == name }
      }
    return names.compactMap { name in
      let (first, second) = (
        before.entries.first { $0.name == name }, after.entries.first { $0.name == name }
      )
      return first?.digest == second?.digest
        ? nil : Entry(name: name, sizeBefore: first?.size, sizeAfter: second?.size)
    }
  }

  // MARK: - Tensors

  private static func tensors(
    _ before: PackContents, _ after: PackContents
  ) throws -> ([Tensor], Int) {
    let (first, second) = (before.manifest.tensors, after.manifest.tensors)
    let keys =
      first.map { [$0.entry, $0.name] }
      + second.map { [$0.entry, $0.name] }.filter { key in
        !first.contains { [$0.entry, $0.name] == key }
      }
    let files = try [before, after].map { pack in
      try Dictionary(
        uniqueKeysWithValues: pack.entries.filter { $0.name.hasSuffix(".safetensors") }.map {
          ($0.name, try SafeTensorsFile(url: $0.url, name: $0.name, limits: .pack))
        })
    }
    var tensors: [Tensor] = []
    var same = 0
    for key in keys {
      let shapes = [first, second].map { list in
        list.first { [$0.entry, $0.name] == key }?.shape
      }
      guard let shape = shapes[0], shape == shapes[1], let a = files[0][key[0]],
        let b = files[1][key[0]]
      else {
        tensors.append(
          Tensor(
            entry: key[0], name: key[1], shapeBefore: shapes[0], shapeAfter: shapes[1],
            greatestDifference: nil, relativeDifference: nil))
        continue
      }
      let values = (
        try a.floatArray(key[1], shape: shape), try b.floatArray(key[1], shape: shape)
      )
      var (greatest, squares, length) = (0.0, 0.0, 0.0)
      for (x, y) in zip(values.0, values.1) {
        let difference = Double(x) - Double(y)
        greatest = max(greatest, abs(difference))
        squares += difference * difference
        length += Double(x) * Double(x)
      }
      guard greatest > 0 else {
        same += 1
        continue
      }
      tensors.append(
        Tensor(
          entry: key[0], name: key[1], shapeBefore: shape, shapeAfter: shape,
          greatestDifference: greatest,
          relativeDifference: length > 0 ? (squares / length).squareRoot() : 1))
    }
    return (tensors, same)
  }
}
