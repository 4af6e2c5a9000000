/// Where randomness comes from. Anyone may conform; tests use a seeded source.
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

/// The system's cryptographically secure generator.
public struct SystemRandomSource: RandomSource {
    public init() {}

    public func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
