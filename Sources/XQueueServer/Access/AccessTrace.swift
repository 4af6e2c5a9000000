import CoreMetrics
import Logging
import Synchronization
import XQueue
import XQueueCore

/// Records invalid tokens and logins in a counter and, rate-limited, in the log; slows down the addresses they come
/// from.
///
/// A valid token is accepted from any address: behind a proxy, all clients share one.
final class AccessTrace: Sendable {
    /// Where an invalid token was presented.
    enum Door: String, CaseIterable, Sendable {
        case request, login
    }

    /// Maximum number of log lines a minute; further ones are only counted.
    static let linesPerMinute = 10
    fileprivate static let minute = Duration.seconds(60)

    fileprivate struct State {
        var buckets: TokenBuckets
        var minuteBegan: MonotonicInstant?
        var lines = 0
        var unlogged = 0
    }

    private let state: Mutex<State>
    private let clock: any QueueClock
    private let logger: Logger?
    private let counters: [Door: Counter]

    /// - Parameter counter: Makes the counter for a door.
    init(
        maxFailures: Int, clock: any QueueClock, logger: Logger? = nil,
        counter: (Door) -> Counter? = { _ in nil }
    ) {
        state = Mutex(State(buckets: TokenBuckets(perMinute: maxFailures)))
        self.clock = clock
        self.logger = logger
        counters = Dictionary(
            uniqueKeysWithValues: Door.allCases.compactMap { door in counter(door).map { (door, $0) } })
    }

    func setMaxFailures(_ number: Int) {
        state.withLock { $0.buckets = TokenBuckets(perMinute: number) }
    }

    /// Records an invalid token; returns the rejection to reply with.
    func record(_ rejection: AccessRejection, at door: Door, from address: String?) -> AccessRejection {
        counters[door]?.increment()
        let now = clock.instant()
        let (wait, isLogged, missed, unlogged) = state.withLock { state -> (Int?, Bool, Int, Int) in
            let missed = state.count(now)
            let wait = address.flatMap { state.buckets.take(ClientAddress.place($0), at: now) }
            return (wait, state.takeLine(), missed, state.unlogged)
        }
        log(unlogged: missed)
        if unlogged == 1 { flushLater() }
        if isLogged {
            logger?.warning(
                door == .login ? "Login rejected" : "Token rejected",
                metadata: ["client": "\(address ?? "unknown")", "reason": "\(rejection.error.message)"])
        }
        return wait.map { .tooManyFailures(retryAfter: $0) } ?? rejection
    }

    /// Logs how many lines were suppressed, if their minute has passed.
    func flush() {
        let now = clock.instant()
        log(unlogged: state.withLock { $0.count(now) })
    }

    /// Logs the count even if no further invalid token arrives. The Swift task ends by itself.
    private func flushLater() {
        guard logger != nil else { return }
        Task { [weak self] in
            try? await Task.sleep(for: Self.minute)
            self?.flush()
        }
    }

    private func log(unlogged: Int) {
        guard unlogged > 0 else { return }
        logger?.warning("Suppressed messages about rejected tokens", metadata: ["count": "\(unlogged)"])
    }
}

extension AccessTrace.State {
    /// Begins a new minute if the last has passed; returns how many lines were suppressed in it.
    fileprivate mutating func count(_ now: MonotonicInstant) -> Int {
        if let began = minuteBegan, now - began < AccessTrace.minute { return 0 }
        defer { (minuteBegan, lines, unlogged) = (now, 0, 0) }
        return unlogged
    }

    fileprivate mutating func takeLine() -> Bool {
        guard lines < AccessTrace.linesPerMinute else {
            unlogged += 1
            return false
        }
        lines += 1
        return true
    }
}
