import CoreMetrics
import Logging
import Synchronization
import XQueue
import XQueueCore

/// Tells of wrong tokens and logins: in a counter, in the log, so many lines a minute, and by slowing down the address
/// they come from.
///
/// A token that is right is let in wherever it comes from: behind a proxy, everybody has the same address.
final class AccessTrace: Sendable {
    /// Where a wrong token was shown.
    enum Door: String, CaseIterable, Sendable {
        case request, login
    }

    /// The most lines a minute; of further ones there is a count.
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

    /// - Parameter counter: Makes the counter of a door.
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

    /// Tells of a wrong token; answers what its bearer is told.
    func told(_ refusal: AccessRefusal, at door: Door, from address: String?) -> AccessRefusal {
        counters[door]?.increment()
        let now = clock.instant()
        let (wait, isLogged, missed, unlogged) = state.withLock { state -> (Int?, Bool, Int, Int) in
            let missed = state.count(now)
            let wait = address.flatMap { state.buckets.take(ClientAddress.place($0), at: now) }
            return (wait, state.takeLine(), missed, state.unlogged)
        }
        tell(unlogged: missed)
        if unlogged == 1 { countLater() }
        if isLogged {
            logger?.warning(
                door == .login ? "A login was refused" : "A token was refused",
                metadata: ["client": "\(address ?? "unknown")", "reason": "\(refusal.error.message)"])
        }
        return wait.map { .tooManyFailures(retryAfter: $0) } ?? refusal
    }

    /// Logs how many lines were left out, if their minute is over.
    func flush() {
        let now = clock.instant()
        tell(unlogged: state.withLock { $0.count(now) })
    }

    /// Has the count logged though nobody may show a wrong token any more. The Swift task ends by itself.
    private func countLater() {
        guard logger != nil else { return }
        Task { [weak self] in
            try? await Task.sleep(for: Self.minute)
            self?.flush()
        }
    }

    private func tell(unlogged: Int) {
        guard unlogged > 0 else { return }
        logger?.warning("More tokens were refused than are logged", metadata: ["count": "\(unlogged)"])
    }
}

extension AccessTrace.State {
    /// Begins another minute if one is over; answers how many lines that one left out.
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
