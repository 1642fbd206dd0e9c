import MoEBase
import SafeTensors
import Testing

/// Every odd spelling in every place of an honest header: 32 numbers, 24 types, 12 kinds of white space.
@Suite struct OddSpellingTests {
  static let numbers = [
    "", "-0", "-1", "+1", "00", "01", "08", "8.", ".8", "8.0", "8e0", "8E0", "8e+0", "0x8", "0o10",
    "0b1000", "8_", "8l", "８", "null", "true", "\"8\"", "[8]", "{}", "NaN", "Infinity", "1e400",
    "9223372036854775808", "18446744073709551615", "18446744073709551616",
    "99999999999999999999999999", "8 8",
  ]
  static let types = [
    "", "f32", "F32 ", " F32", "F", "F3", "F320", "F31", "Float32", "FLOAT", "float32", "F8_E4M3",
    "F8_E5M2", "F4", "C64", "F128", "I4", "U4", "I128", "bool", "Bool", "B", "BF-16", "F32\\u0000",
  ]
  static let spaces = [
    "\u{0B}", "\u{0C}", "\u{00}", "\u{08}", "\u{85}", "\u{A0}", "\u{1680}", "\u{2028}", "\u{3000}",
    "\u{200B}", "\u{FEFF}", "/**/",
  ]

  @Test(arguments: numbers)
  func `a number that is not plain is refused in each place`(number: String) {
    for header in [
      #"{"w":{"dtype":"F32","shape":[\#(number)],"data_offsets":[0,8]}}"#,
      #"{"w":{"dtype":"F32","shape":[2,\#(number)],"data_offsets":[0,8]}}"#,
      #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[\#(number),8]}}"#,
      #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,\#(number)]}}"#,
    ] {
      // `[]` is the shape of one number, whose size does not fit.
      #expect(refusal(file(header, data: 8)) != nil, "\(header)")
    }
  }

  @Test(arguments: types)
  func `a type that is not one of thirteen is refused`(type: String) {
    let header = #"{"w":{"dtype":"\#(type)","shape":[2],"data_offsets":[0,8]}}"#
    #expect(refusal(file(header, data: 8)) != nil)
  }

  @Test(arguments: spaces)
  func `white space that JSON does not have is refused between any two marks`(space: String) {
    let tokens = [
      "{", "\"w\"", ":", "{", "\"dtype\"", ":", "\"F32\"", ",", "\"shape\"", ":", "[", "2", "]",
      ",",
      "\"data_offsets\"", ":", "[", "0", ",", "8", "]", "}", "}",
    ]
    #expect(refusal(file(tokens.joined(), data: 8)) == nil)
    for index in 0...tokens.count {
      let header = (tokens[..<index] + [space] + tokens[index...]).joined()
      #expect(refusal(file(header, data: 8)) != nil, "before mark \(index)")
    }
  }
}
