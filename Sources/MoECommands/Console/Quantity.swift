import MoEBase
import MoERuntime

extension Int {
  /// The bytes in a unit that suits them: `812 B`, `1.4 MB`.
  var byteCount: String {
    var value = Double(self)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1000 { return unit == "B" ? "\(self) B" : "\(value.fixed(1)) \(unit)" }
      value /= 1000
    }
    return "\(value.fixed(1)) TB"
  }

  /// The number with its noun: `1 pack`, `2 packs`.
  func counted(_ noun: String, _ plural: String? = nil) -> String {
    "\(self) \(self == 1 ? noun : plural ?? noun + "s")"
  }
}

extension Double {
  /// The share in per cent, without digits after the point: `94 %`.
  var percent: String { "\((self * 100).fixed(0)) %" }
}
