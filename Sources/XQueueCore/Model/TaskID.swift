import Synchronization

/// A task's identity: a UUID of version 7 (RFC 9562), which sorts by creation time.
public struct TaskID: Sendable, Hashable, Comparable {
    /// The first eight bytes, big-endian: 48 bits of milliseconds, the version, 12 more bits.
    public let high: UInt64
    /// The last eight bytes, big-endian: the variant and 62 more bits.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// When the identifier was made, to the millisecond.
    public var timestamp: Timestamp {
        Timestamp(milliseconds: Int64(high >> 16))
    }

    /// Whether it is a UUID of version 7 (RFC 9562).
    package var isVersion7: Bool { high >> 12 & 0xF == 7 && low >> 62 == 2 }

    /// The lowest version 7 identifier that could have been made at `time`.
    public static func lowest(at time: Timestamp) -> TaskID {
        let clamped = UInt64(min(max(time.milliseconds, 0), 0xFFFF_FFFF_FFFF))
        return TaskID(high: clamped << 16 | 0x7000, low: 0x8000_0000_0000_0000)
    }

    public static func < (lhs: TaskID, rhs: TaskID) -> Bool {
        lhs.high != rhs.high ? lhs.high < rhs.high : lhs.low < rhs.low
    }
}

extension TaskID: CustomStringConvertible, LosslessStringConvertible {
    /// The canonical form: 36 lower-case characters, `018f6b1c-9a3e-7d42-b1c9-1f0a2b3c4d5e`.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let word = index < 8 ? high : low
                let byte = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
                buffer[at] = Self.hexDigit(byte >> 4)
                buffer[at + 1] = Self.hexDigit(byte & 15)
                at += 2
            }
            return 36
        }
    }

    /// Reads the canonical form of any UUID, in either case; nil for anything else.
    public init?(_ description: String) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var nibbles = 0
        var position = 0
        for character in description.utf8 {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let nibble = Self.nibble(character), nibbles < 32 else { return nil }
            if nibbles < 16 { high = high << 4 | nibble } else { low = low << 4 | nibble }
            nibbles += 1
        }
        guard position == 36, nibbles == 32 else { return nil }
        self.init(high: high, low: low)
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 48 + nibble : 87 + nibble
    }

    private static func nibble(_ character: UInt8) -> UInt64? {
        switch character {
        case 48...57: UInt64(character - 48)
        case 97...102: UInt64(character - 87)
        case 65...70: UInt64(character - 55)
        default: nil
        }
    }
}

/// Makes task identifiers that increase strictly within this process, unless the clock is set back far.
///
/// Within one millisecond, or while the clock stands still or is at most ten seconds behind the last
/// identifier, the identifier's 74 random bits are used as a counter with random steps (RFC 9562, section 6.2,
/// method 2). A clock that is farther behind was wrong before and is followed; otherwise all later tasks would
/// carry the wrong time.
public final class TaskIDGenerator: Sendable {
    /// How far behind the last identifier the clock may be, in milliseconds, before it is followed back.
    private static let tolerance: UInt64 = 10_000

    private let time: @Sendable () -> Timestamp
    private let random: any RandomSource
    private let last = Mutex(TaskID.lowest(at: Timestamp(milliseconds: 0)))

    public convenience init(
        clock: any QueueClock = SystemQueueClock(), random: any RandomSource = SystemRandomSource()
    ) {
        self.init(random: random) { clock.now() }
    }

    /// - Parameter time: Returns the time that identifiers carry.
    package init(random: any RandomSource, time: @escaping @Sendable () -> Timestamp) {
        self.time = time
        self.random = random
    }

    public func next() -> TaskID {
        let now = TaskID.lowest(at: time())
        let seed = random.next()
        return last.withLock { last in
            let (new, old) = (now.high >> 16, last.high >> 16)
            if new > old || old - new > Self.tolerance {
                let more = random.next()
                // The counter's top bit starts at zero, which leaves room to count within the millisecond.
                last = TaskID(high: now.high | (seed & 0x7FF), low: now.low | (more >> 2))
            } else {
                last = last.advanced(by: (seed & 0xFFFF_FFFF) + 1)
            }
            return last
        }
    }
}

extension TaskID {
    /// The identifier whose 74 free bits, read as a number, are larger by `step`.
    fileprivate func advanced(by step: UInt64) -> TaskID {
        let variant: UInt64 = 0x8000_0000_0000_0000
        let counter = (low & 0x3FFF_FFFF_FFFF_FFFF) + step
        guard counter >> 62 != 0 else { return TaskID(high: high, low: variant | counter) }
        let rest = variant | (counter & 0x3FFF_FFFF_FFFF_FFFF)
        if high & 0xFFF != 0xFFF { return TaskID(high: high + 1, low: rest) }
        return TaskID(high: ((high >> 16) + 1) << 16 | 0x7000, low: rest)
    }
}
