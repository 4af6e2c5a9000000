import XQueueCore

/// A token bucket per caller, for rate limits: it refills steadily, and each request takes one.
struct TokenBuckets {
    private struct Bucket {
        var level: Double
        var filledAt: MonotonicInstant
    }

    /// Maximum number of buckets kept. Full buckets need not be.
    static let maxBuckets = 10_000

    /// Refill per second.
    let rate: Double
    let burst: Double
    private var buckets: [String: Bucket] = [:]

    /// - Parameter burst: Capacity of a bucket; 0 = one second's refill.
    init(rate: Int, burst: Int) {
        self.rate = Double(rate)
        self.burst = Double(burst > 0 ? burst : max(1, rate))
    }

    /// - Parameter minute: Capacity of a bucket, and its refill per minute.
    init(perMinute minute: Int) {
        rate = Double(minute) / 60
        burst = Double(minute)
    }

    var isOff: Bool { rate <= 0 }
    var count: Int { buckets.count }

    /// Takes one request from a bucket; returns nil, or the seconds to wait if the bucket is empty.
    mutating func take(_ name: String, at now: MonotonicInstant) -> Int? {
        guard !isOff else { return nil }
        if buckets[name] == nil, buckets.count >= Self.maxBuckets { forget(at: now) }
        var bucket = buckets[name] ?? Bucket(level: burst, filledAt: now)
        bucket.level = level(of: bucket, at: now)
        bucket.filledAt = now
        defer { buckets[name] = bucket }
        guard bucket.level >= 1 else { return max(1, Int(((1 - bucket.level) / rate).rounded(.up))) }
        bucket.level -= 1
        return nil
    }

    private func level(of bucket: Bucket, at now: MonotonicInstant) -> Double {
        min(burst, bucket.level + (now - bucket.filledAt).inSeconds * rate)
    }

    /// Makes room: drops the buckets that are full again or, if there are none, the fullest half.
    private mutating func forget(at now: MonotonicInstant) {
        buckets = buckets.filter { level(of: $0.value, at: now) < burst }
        guard buckets.count >= Self.maxBuckets else { return }
        let emptiest = buckets.sorted { level(of: $0.value, at: now) < level(of: $1.value, at: now) }
        buckets = Dictionary(
            uniqueKeysWithValues: emptiest.prefix(Self.maxBuckets / 2).map { ($0.key, $0.value) })
    }
}

/// How much of the queue one token may use; nil for no quota of its own. Each node counts for itself.
public struct TokenQuota: Sendable, Hashable {
    /// Maximum number of task types created by the token, that is, whose first task it submitted.
    public var types: Int?
    /// Maximum number of pending tasks of its types, by any submitter; of all types for a token without types.
    public var backlog: Int?
    /// Maximum number of concurrent event streams.
    public var streams: Int?
    /// Maximum number of remote workers, and of concurrently waiting lease requests.
    public var workers: Int?
    /// Maximum number of console sessions; a further login ends the oldest one. Nil for a tenth of
    /// ``AccessConfiguration/maxSessions``.
    public var sessions: Int?

    public init(
        types: Int? = nil, backlog: Int? = nil, streams: Int? = nil, workers: Int? = nil, sessions: Int? = nil
    ) {
        self.types = types
        self.backlog = backlog
        self.streams = streams
        self.workers = workers
        self.sessions = sessions
    }
}
