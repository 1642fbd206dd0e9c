extension Double {
  /// The number with so many digits after the point, rounded to nearest; never an exponent.
  public func fixed(_ digits: Int) -> String {
    guard isFinite, magnitude < 1e12 else { return "\(self)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (magnitude * scale).rounded()
    let whole = (scaled / scale).rounded(.down)
    var text = "\(Int64(whole))"
    if digits > 0 {
      let fraction = "\(Int64(scaled - whole * scale))"
      text += "." + String(repeating: "0", count: max(0, digits - fraction.count)) + fraction
    }
    return sign == .minus && scaled != 0 ? "-" + text : text
  }
}
