import MoEBase
import MoERuntime
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

extension Manifest.Experts {
  /// What each router does with the tokens, a sentence a layer; none where there is one expert.
  var routerSentences: [String] {
    zip(layers, utilization).map { layer, router in
      let shares = router.shares.map { ($0 * 100).fixed(0) }.joined(separator: ", ")
      let dead = router.deadExperts.count
      return "layer \(layer): \(shares) % of the tokens, "
        + "load imbalance \(router.loadImbalance.fixed(2)), "
        + "router entropy \(router.entropy.fixed(2)) of \(router.greatestEntropy.fixed(2)) nats"
        + (dead == 0 ? "" : ", \(dead.counted("dead expert"))")
    }
  }
}
