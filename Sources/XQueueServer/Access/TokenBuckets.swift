import XQueueCore

/// How many requests each caller may still make: a bucket that fills steadily, and from which each takes one.
struct TokenBuckets {
    private struct Bucket {
        var level: Double
        var filledAt: MonotonicInstant
    }

    /// The most callers that are kept in mind. A full bucket need not be.
    static let maxBuckets = 10_000

    /// A second's refill.
    let rate: Double
    let burst: Double
    private var buckets: [String: Bucket] = [:]

    /// - Parameter burst: How much a bucket holds; 0 for a second's refill.
    init(rate: Int, burst: Int) {
        self.rate = Double(rate)
        self.burst = Double(burst > 0 ? burst : max(1, rate))
    }

    /// - Parameter minute: How much a bucket holds, and how much flows into it in a minute.
    init(perMinute minute: Int) {
        rate = Double(minute) / 60
        burst = Double(minute)
    }

    var isOff: Bool { rate <= 0 }
    var count: Int { buckets.count }

    /// Takes one request; answers nil, or how many seconds to wait before the next can be.
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

    /// Makes room: first those that are full again; then, if there are none, the fullest half.
    private mutating func forget(at now: MonotonicInstant) {
        buckets = buckets.filter { level(of: $0.value, at: now) < burst }
        guard buckets.count >= Self.maxBuckets else { return }
        let emptiest = buckets.sorted { level(of: $0.value, at: now) < level(of: $1.value, at: now) }
        buckets = Dictionary(
            uniqueKeysWithValues: emptiest.prefix(Self.maxBuckets / 2).map { ($0.key, $0.value) })
    }
}

/// How much of the queue one token may take up; nil for no bound of its own. Each node counts for itself.
public struct TokenQuota: Sendable, Hashable {
    /// The most task types that exist because it submitted the first task of them.
    public var types: Int?
    /// The most pending tasks of its types, whoever submitted them; of all types for a token without.
    public var backlog: Int?
    /// The most event streams at once.
    public var streams: Int?
    /// The most remote workers at once, and requests for tasks that wait.
    public var workers: Int?
    /// The most consoles that are logged in at once; beyond it its oldest one is logged out. Nil for a tenth of
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
