import Dispatch
import Foundation
import Synchronization
import XQueueCore
import XQueueHandlers

/// SIGTERM and SIGINT, from the program's first moment to its last.
///
/// The first asks the server to stop: in order, or not to start at all. A second one ends the process at once, and
/// the programs its handlers run; what a shell says of that is 143 or 130.
final class StopSignals: Sendable {
    /// The same signal within this time is still the first: `timeout` sends it to the process and, right after, to its
    /// group, which on a busy machine may be many milliseconds later. Nobody presses a key twice so fast.
    private static let echo = Duration.milliseconds(100)

    private let first = Mutex<(number: Int32, time: ContinuousClock.Instant)?>(nil)
    /// Kept by the first signal.
    private let asked = AsyncPromise<Void>()
    /// Kept as long as the process: without them, the signals would be deadly again.
    private let sources = Mutex<[Source]>([])

    /// A source may be held by any thread, which Dispatch does not say on Linux.
    private struct Source: @unchecked Sendable {
        let signal: any DispatchSourceSignal
    }

    private init() {}

    // MARK: - The first moments

    /// Remembers a signal that comes before anybody can listen. To be called first of all.
    static func catchEarly() {
        // Made now, since a signal handler must not.
        earlySignal.store(0, ordering: .releasing)
        for number in [SIGTERM, SIGINT] {
            signal(number) { number in
                // A second one: nothing runs yet that would have to be ended in order.
                if earlySignal.exchange(number, ordering: .acquiringAndReleasing) != 0 { _exit(128 + number) }
            }
        }
        // The tokens are about to be read anyway.
        signal(SIGHUP) { _ in }
    }

    /// Gives SIGHUP its meaning back, for a server that has no tokens to read anew.
    static func leaveHangup() {
        signal(SIGHUP, SIG_DFL)
    }

    // MARK: - Listening

    /// Listens from now on, and knows what came before.
    static func listen() async -> StopSignals {
        let signals = StopSignals()
        for number in [SIGTERM, SIGINT] {
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
            source.setEventHandler { signals.received(number) }
            await withCheckedContinuation { continuation in
                source.setRegistrationHandler { continuation.resume() }
                source.resume()
            }
            let kept = Source(signal: source)
            signals.sources.withLock { $0.append(kept) }
        }
        let early = earlySignal.load(ordering: .acquiring)
        if early != 0 { signals.received(early) }
        return signals
    }

    private func received(_ number: Int32) {
        let now = ContinuousClock.now
        let isSecond = first.withLock { first in
            if let first { return first.number != number || now - first.time > Self.echo }
            first = (number, now)
            return false
        }
        if isSecond {
            ExecHandler.killAll()
            _exit(128 + number)
        }
        asked.fulfill()
    }

    /// Returns when the program has been asked to stop, or the Swift task is canceled.
    func wait() async {
        _ = await asked.wait()
    }

    /// What `body` answers; nil if the program is asked to stop meanwhile, which cancels `body`.
    func unlessAsked<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await self.wait()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

/// The signal that came before anybody listened; 0 for none.
private let earlySignal = Atomic<Int32>(0)
