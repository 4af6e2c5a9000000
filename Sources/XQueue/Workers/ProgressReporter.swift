import Logging
import Synchronization
import XQueueCore

/// Sends progress to the store, one batch at a time, with the newest report of each attempt.
final class ProgressReporter: Sendable {
    /// Minimum time between batches, so that a chatty handler costs no more than a quiet one.
    private static let interval = Duration.milliseconds(100)

    private let store: any Store
    private let context: EngineContext
    private let bell = AsyncEvent()
    // Bounded by the number of running attempts.
    private let waiting = Mutex<[AttemptID: TaskProgress]>([:])

    init(store: any Store, _ context: EngineContext) {
        self.store = store
        self.context = context
    }

    func report(_ progress: TaskProgress, of attempt: AttemptID) {
        let isFirst = waiting.withLock { waiting in
            waiting[attempt] = progress
            return waiting.count == 1
        }
        if isFirst { bell.signal() }
    }

    /// Removes and returns an unsent report, to send it with the attempt's end.
    func take(_ attempt: AttemptID) -> TaskProgress? {
        waiting.withLock { $0.isEmpty ? nil : $0.removeValue(forKey: attempt) }
    }

    /// Sends until the Swift task is canceled.
    func run() async {
        while !Task.isCancelled {
            await bell.wait()
            let batch = waiting.withLock { waiting in
                defer { waiting = [:] }
                return waiting.map { ProgressReport(attempt: $0.key, progress: $0.value) }
            }
            guard !batch.isEmpty else { continue }
            do throws(StoreError) {
                try await store.report(batch)
            } catch {
                context.logger.debug("Could not store progress", metadata: ["error": "\(error)"])
            }
            try? await context.clock.sleep(for: Self.interval)
        }
    }
}
