import MoEPackFormat

extension Manifest.About {
  /// Where and when the content is true: `as of 2026-01-01, for SG, in en`.
  var sentence: String {
    var parts = ["as of \(asOf)"]
    if !jurisdictions.isEmpty { parts.append("for \(jurisdictions.joined(separator: ", "))") }
    if !languages.isEmpty { parts.append("in \(languages.joined(separator: ", "))") }
    return parts.joined(separator: ", ").shown()
  }
}
