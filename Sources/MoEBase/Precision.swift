/// The arithmetic of the linear maps of an encoder's layers.
///
/// Everything else (attention, normalisation, GELU, experts and their routers, heads and the gate) is in binary32 in
/// every mode, and labels that a reduced one leaves in doubt are told in full precision.
public enum Precision: String, Sendable, CaseIterable {
  /// IEEE 754 binary32.
  case f32
  /// Inputs and weights rounded to the upper half of a binary32, sums in binary32.
  case bf16
  /// Inputs as unsigned bytes with a scale for each row, weights as signed bytes with a scale for each output, sums
  /// in whole numbers.
  case int8
}
