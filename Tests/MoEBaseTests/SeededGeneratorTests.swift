import MoEBase
import Testing

@Suite struct SeededGeneratorTests {
  /// The first four numbers and the thousandth, from an implementation of its own in Python of the authors' C.
  private static let known: [(UInt64, [UInt64], UInt64)] = [
    (
      0,
      [0x5317_5d61_490b_23df, 0x61da_6f3d_c380_d507, 0x5c0f_df91_ec9a_7bfc, 0x02ee_bf8c_3bbe_5e1a],
      0x3763_00fa_032f_6483
    ),
    (
      1,
      [0xcfc5_d07f_6f03_c29b, 0xbf42_4132_963f_e08d, 0x19a3_7d57_57aa_f520, 0xbf08_119f_05cd_56d6],
      0x92d5_2100_f9e1_da0d
    ),
    (
      .max,
      [0x56cc_f8ce_948e_27b2, 0xe685_8843_2e5a_5b90, 0xe3e9_b5a4_8119_ca8b, 0x460f_1949_5532_ae73],
      0x6e67_f58f_11f3_5060
    ),
  ]

  @Test(arguments: known)
  func `a seed has the numbers of the reference`(
    _ seed: UInt64, _ first: [UInt64], _ thousandth: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let numbers = (0..<1_000).map { _ in generator.next() }
    #expect(Array(numbers.prefix(4)) == first)
    #expect(numbers[999] == thousandth)
  }

  @Test func `a copy goes on with the same numbers`() {
    var generator = SeededGenerator(seed: 5)
    _ = generator.next()
    var copy = generator
    #expect((0..<10).map { _ in generator.next() } == (0..<10).map { _ in copy.next() })
  }

  @Test func `numbers below a bound stay below it and reach every value`() {
    for bound in 1...20 {
      var generator = SeededGenerator(seed: UInt64(bound))
      let numbers = Set((0..<1_000).map { _ in generator.below(bound) })
      #expect(numbers == Set(0..<bound))
    }
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<100 { #expect((0..<Int.max).contains(generator.below(.max))) }
  }

  @Test func `numbers below a bound are not biased`() {
    // Of 8 neighbouring 64-bit numbers 3, 3 and 2 fall on the residues 0, 1 and 2 if none is rejected.
    var generator = SeededGenerator(seed: 11)
    var counts = [0, 0, 0]
    let draws = 60_000
    for _ in 0..<draws { counts[generator.below(3 << 61) % 3] += 1 }
    // Five standard deviations of a binomial share of a third: 5 · sqrt(2 / 9 / 60,000) = 0.0096.
    for count in counts {
      #expect(abs(Double(count) / Double(draws) - 1 / 3) < 0.0096, "\(counts)")
    }
  }

  @Test func `uniform numbers lie in the unit interval and fill it`() {
    var generator = SeededGenerator(seed: 12)
    var buckets = [Int](repeating: 0, count: 10)
    for _ in 0..<50_000 {
      let number = generator.uniform()
      #expect(number >= 0 && number < 1)
      buckets[Int(number * 10)] += 1
    }
    // Five standard deviations of 5,000: 5 · sqrt(50,000 · 0.1 · 0.9) = 336.
    for count in buckets { #expect(abs(count - 5_000) < 336, "\(buckets)") }
  }

  @Test func `normal numbers have mean 0 and variance 1`() {
    var generator = SeededGenerator(seed: 13)
    let numbers = (0..<50_000).map { _ in generator.normal() }
    let mean = numbers.reduce(0, +) / 50_000
    let variance = numbers.reduce(0) { $0 + $1 * $1 } / 50_000
    // Five standard deviations: 5 / sqrt(50,000) = 0.022; of the variance at most sqrt(2) times that.
    #expect(abs(mean) < 0.022)
    #expect(abs(variance - 1) < 0.032)
  }

  @Test func `shuffling keeps every element and gives each order alike`() {
    var generator = SeededGenerator(seed: 14)
    var many = Array(0..<1_000)
    generator.shuffle(&many)
    #expect(many != Array(0..<1_000))
    #expect(many.sorted() == Array(0..<1_000))
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 {
      var few = [0, 1, 2, 3]
      generator.shuffle(&few)
      counts[few, default: 0] += 1
    }
    #expect(counts.count == 24)
    // Five standard deviations of 1,000: 5 · sqrt(24,000 · 23 / 24²) = 155.
    for count in counts.values { #expect(abs(count - 1_000) < 155) }
    var none: [Int] = []
    var one = [1]
    generator.shuffle(&none)
    generator.shuffle(&one)
    #expect(none.isEmpty && one == [1])
  }

  @Test func `a bound of nothing is a mistake of the caller`() async {
    await #expect(processExitsWith: .failure) {
      var generator = SeededGenerator(seed: 1)
      _ = generator.below(0)
    }
  }
}
