import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A source of randomness. Tests use a seeded one.
public protocol RandomSource: Sendable {
    /// 64 bits, each equally likely to be 0 or 1.
    func next() -> UInt64
}

extension RandomSource {
    /// A number in 0..<1, for jitter.
    public func draw() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}

/// The system's cryptographically secure generator, read many numbers at a time.
public struct SystemRandomSource: RandomSource {
    /// Number of values per system call.
    private static let words = 32
    private static let drawn = Mutex<[UInt64]>([])

    public init() {}

    public func next() -> UInt64 {
        Self.drawn.withLock { drawn in
            if drawn.isEmpty { drawn = Self.draw() }
            return drawn.removeLast()
        }
    }

    private static func draw() -> [UInt64] {
        [UInt64](unsafeUninitializedCapacity: words) { buffer, count in
            count = words
            #if canImport(Darwin)
            arc4random_buf(buffer.baseAddress, words * MemoryLayout<UInt64>.size)
            #else
            // `getentropy` gives at most 256 bytes.
            let code = getentropy(buffer.baseAddress, words * MemoryLayout<UInt64>.size)
            precondition(code == 0, "getentropy failed")
            #endif
        }
    }
}
