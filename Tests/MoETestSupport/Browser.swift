import Foundation
public import MoEBase

/// Chromium without a window, by way of `tools/browser/look`.
public enum Browser {
  /// Whether there is one; where `MOEPACK_BROWSER` is set, there has to be.
  public static let isThere =
    ProcessInfo.processInfo.environment["MOEPACK_BROWSER"] != nil
    || FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

  /// The browser could not be asked.
  public struct Failure: Error {
    /// What it said.
    public let message: String
  }

  /// What it saw of a page, a document for each width and colour scheme.
  public static func views(of path: String) throws -> [JSONValue] {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../tools/browser/look").standardizedFileURL
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script.path, path]
    let (output, messages) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = messages
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let said = messages.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0,
      case .array(let views)? = try JSONValue(parsing: Array(data))["views"]
    else { throw Failure(message: String(decoding: said, as: UTF8.self)) }
    return views
  }

  /// What is wrong with a view of a page that has at least so many charts: messages, addresses from outside, what
  /// sticks out, what is too small or not drawn.
  public static func faults(of view: JSONValue, charts least: Int) -> [String] {
    var faults: [String] = []
    func expect(_ isRight: Bool, _ fault: String) { if !isRight { faults.append(fault) } }
    expect(view["messages"] == [], "the browser complains")
    if case .array(let requests)? = view["requests"] {
      expect(requests.count == 1, "something from outside is asked for")
    } else {
      faults.append("no requests")
    }
    expect(view["scrollWidth"] == view["innerWidth"] && view["outside"] == [], "it is too wide")
    expect(view["scripts"] == 0 && view["smallText"] == 0, "scripts, or small letters")
    if case .integer(let charts)? = view["charts"] {
      expect(charts >= least, "\(charts) charts, expected \(least)")
      expect(view["drawn"] == .integer(charts), "a chart is not drawn")
      expect(view["named"] == .integer(charts), "a chart has no words")
    } else {
      faults.append("no charts")
    }
    return faults.isEmpty ? [] : faults + [view.text]
  }
}
