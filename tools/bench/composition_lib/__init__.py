"""What `tools/bench/composition` is made of: data, packs, measures, anchors, report."""
