import MoEBase

extension FuzzTarget {
  /// The strict JSON core: what is accepted reads the same when it is written and read again.
  public static let json = FuzzTarget(
    name: "json", largestInput: 4096,
    seeds: {
      [
        "null", "[]", "{}", "true", "-0", "1e308", "0.1", "9223372036854775807",
        "-9223372036854775808", "18446744073709551616", #""\u00e9\ud83d\ude00\n""#,
        #"{"a":[1,2.5,{"b":null}],"c":"\\\"\/"}"#, "[[[[[[[[]]]]]]]]", "[1,]", "\u{FEFF}{}",
        #"{"a":1,"\u0061":2}"#, #""\ud800""#,
      ].map { Array($0.utf8) }
    },
    run: { input in
      let limits = JSONLimits(depth: 16, values: 4096)
      guard let value = try? JSONValue(parsing: input, limits: limits) else { return }
      guard let again = try? JSONValue(parsing: value.bytes, limits: limits) else {
        fatalError("what was written is refused: \(value.text)")
      }
      require(again == value, "what was written reads otherwise: \(value.text)")
      require(again.bytes == value.bytes, "what was read is written otherwise")
    })
}
