import Testing
import XQueueCore
import XQueueTesting

@Suite("Seeded random source")
struct SeededRandomSourceTests {
    @Test func isTheSameForTheSameSeed() {
        let first = SeededRandomSource(seed: 9)
        let second = SeededRandomSource(seed: 9)
        let numbers = (0..<100).map { _ in first.next() }
        #expect(numbers == (0..<100).map { _ in second.next() })
        #expect(Set(numbers).count == 100)
        #expect(SeededRandomSource(seed: 10).next() != numbers[0])
    }

    /// The first outputs of SplitMix64 for seed 1234567, as published with the algorithm.
    @Test func isSplitMix64() {
        let source = SeededRandomSource(seed: 1_234_567)
        #expect(source.next() == 6_457_827_717_110_365_317)
        #expect(source.next() == 3_203_168_211_198_807_973)
    }

    @Test func drawsEvenly() {
        let source = SeededRandomSource(seed: 4)
        let mean = (0..<20_000).reduce(0.0) { sum, _ in sum + source.draw() } / 20_000
        #expect(abs(mean - 0.5) < 0.02)
    }
}
