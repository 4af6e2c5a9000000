import Dispatch
import Foundation
import Synchronization
import XQueueCore
import XQueueHandlers

/// SIGTERM and SIGINT, from the program's start to its exit.
///
/// The first asks the server to shut down gracefully, or not to start at all. A second one kills the handlers' programs and
/// exits immediately, with 143 or 130.
final class StopSignals: Sendable {
    /// A repeat within this time still counts as the first signal: `timeout` sends it to the process and right after to
    /// its group, many milliseconds later on a busy machine. No one presses a key twice that fast.
    private static let echo = Duration.milliseconds(100)

    private let first = Mutex<(number: Int32, time: ContinuousClock.Instant)?>(nil)
    /// Fulfilled by the first signal.
    private let stopRequest = AsyncPromise<Void>()
    /// Kept as long as the process runs: without them, the signals would kill it again.
    private let sources = Mutex<[Source]>([])

    /// Sources are thread-safe, but Dispatch does not declare them `Sendable` on Linux.
    private struct Source: @unchecked Sendable {
        let signal: any DispatchSourceSignal
    }

    private init() {}

    // MARK: - Before listening

    /// Remembers a signal that arrives before ``listen()``. Must be called first of all.
    static func catchEarly() {
        // Initialize it now: a signal handler must not.
        earlySignal.store(0, ordering: .releasing)
        for number in [SIGTERM, SIGINT] {
            signal(number) { number in
                // A second one: nothing is running yet that needs a graceful shutdown.
                if earlySignal.exchange(number, ordering: .acquiringAndReleasing) != 0 { _exit(128 + number) }
            }
        }
        // Ignored: the tokens are about to be read anyway.
        signal(SIGHUP) { _ in }
    }

    /// Restores the default action of SIGHUP, for a process that has no tokens to reload.
    static func restoreHangup() {
        signal(SIGHUP, SIG_DFL)
    }

    // MARK: - Listening

    /// Starts listening, and includes an earlier signal.
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
        stopRequest.fulfill()
    }

    /// Returns when the program has been asked to stop, or the Swift task is canceled.
    func wait() async {
        _ = await stopRequest.wait()
    }

    /// Returns the result of `body`; nil if the program is asked to stop meanwhile, which cancels `body`.
    func unlessStopped<Value: Sendable>(
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

/// The signal that arrived before ``StopSignals/listen()``; 0 for none.
private let earlySignal = Atomic<Int32>(0)
