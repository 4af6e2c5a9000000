#if Redis

import Synchronization
import XQueueCore

/// Gathers what concurrent callers ask into one call: while some calls are at the server, the next one
/// fills up. There is no timer, so a lone caller waits for nothing.
final class CallGatherer<Item: Sendable, Answer: Sendable>: Sendable {
    typealias Outcome = Result<Answer, StoreError>

    private struct Waiting {
        let item: Item
        let weight: Int
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        var running = 0
    }

    /// So many calls may be at the server at once: while one is on its way, another is being run.
    private static var mostRunning: Int { 2 }

    private let state = Mutex(State())
    private let mostWaiting: Int
    private let mostWeight: Int
    private let run: @Sendable ([Item]) async -> [Outcome]

    /// - Parameters:
    ///   - mostWaiting: The most callers that may wait; more are refused.
    ///   - mostWeight: The most weight in one call, unless a single item has more.
    ///   - run: Makes the call, and answers one outcome for each item.
    init(mostWaiting: Int, mostWeight: Int, run: @escaping @Sendable ([Item]) async -> [Outcome]) {
        self.mostWaiting = mostWaiting
        self.mostWeight = mostWeight
        self.run = run
    }

    func call(_ item: Item, weight: Int) async throws(StoreError) -> Answer {
        let outcome = await withCheckedContinuation { continuation in
            let (isRefused, starts) = state.withLock { state in
                guard state.waiting.count < mostWaiting else { return (true, false) }
                state.waiting.append(Waiting(item: item, weight: weight, continuation: continuation))
                guard state.running < Self.mostRunning else { return (false, false) }
                state.running += 1
                return (false, true)
            }
            if isRefused {
                let error = StoreError(.unavailable, "\(mostWaiting) calls wait for Redis already")
                continuation.resume(returning: .failure(error))
            }
            if starts { Task { await self.runUntilEmpty() } }
        }
        return try outcome.get()
    }

    private func runUntilEmpty() async {
        while true {
            let batch = takeBatch()
            guard !batch.isEmpty else { return }
            let outcomes = await run(batch.map(\.item))
            for (index, waiting) in batch.enumerated() {
                let missing = StoreError(.corrupt, "Redis answered for fewer callers than asked")
                waiting.continuation.resume(
                    returning: index < outcomes.count ? outcomes[index] : .failure(missing))
            }
        }
    }

    /// The next batch; if there is none, one call less is running.
    private func takeBatch() -> [Waiting] {
        state.withLock { state in
            var weight = 0
            let count =
                state.waiting.firstIndex { waiting in
                    weight += waiting.weight
                    return weight > mostWeight
                } ?? state.waiting.count
            let batch = Array(state.waiting.prefix(max(count, 1)))
            state.waiting.removeFirst(batch.count)
            if batch.isEmpty { state.running -= 1 }
            return batch
        }
    }
}

#endif
