import MoEBase

/// A name from the file for an error sentence: escaped, and cut off when it is long.
func quoted(_ name: String) -> String {
  let text = JSONValue.string(String(name.prefix(60))).text.dropFirst().dropLast()
  return "`\(text)`"
}
