import Foundation

/// Whether the long counts are wanted: `MOEPACK_SOAK=1`.
enum Soak {
  static let isOn = ProcessInfo.processInfo.environment["MOEPACK_SOAK"] == "1"

  /// The sample's count, or the whole one.
  static func count(_ sample: Int, _ whole: Int) -> Int { isOn ? whole : sample }
}
