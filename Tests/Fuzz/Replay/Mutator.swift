import XQueueCore
import XQueueTesting

/// Alters inputs of a corpus at random, always in the same way for a seed.
struct Mutator {
    /// Length of the longest input, in bytes.
    private static let longest = 4096
    /// Bytes at the edges of ranges and formats.
    private static let edges =
        Array(#"\"{}[]:,.-+%&= 019eEuZ"#.utf8) + [0, 1, 10, 13, 127, 128, 191, 194, 237, 255]

    private let corpus: [[UInt8]]
    private let random: SeededRandomSource

    init(_ corpus: [[UInt8]], seed: UInt64) {
        self.corpus = corpus
        random = SeededRandomSource(seed: seed)
    }

    /// An input of the corpus, altered in one to eight places.
    func next() -> [UInt8] {
        var bytes = random.pick(corpus) ?? []
        for _ in 0...random.below(8) { alter(&bytes) }
        return Array(bytes.prefix(Self.longest))
    }

    private func alter(_ bytes: inout [UInt8]) {
        let place = random.below(bytes.count + 1)
        let range = place..<min(place + 1 + random.below(16), bytes.count)
        switch random.below(8) {
        case 0 where !range.isEmpty: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1 where !range.isEmpty: bytes[place] = random.pick(Self.edges) ?? 0
        case 2 where !range.isEmpty: bytes.removeSubrange(range)
        case 3 where !range.isEmpty: bytes.removeSubrange(place...)
        case 4: bytes.insert(random.pick(Self.edges) ?? 0, at: place)
        case 5: bytes.insert(contentsOf: bytes[range], at: random.below(bytes.count + 1))
        case 6:
            // The end of another input, or a part of it.
            let other = random.pick(corpus) ?? []
            let start = random.below(other.count + 1)
            let part = other[start...].prefix(random.chance(50) ? other.count : 1 + random.below(32))
            bytes.replaceSubrange(range, with: part)
        default: bytes.insert(UInt8(random.below(256)), at: place)
        }
    }
}
