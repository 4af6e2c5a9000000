public import DequeModule
public import Synchronization
public import XQueueCore

/// Gathers concurrent calls into one step of the store: while one run is in progress, calls for the next one
/// accumulate (group commit). There is no timer, so a single caller waits for nothing.
///
/// A store whose step is an asynchronous function, such as a round trip to a server, only needs
/// ``call(_:weight:run:)``. One that works on a thread or queue of its own starts its runs there: a run takes
/// calls with ``next()``, answers each of them, and ends with ``finish()``.
///
/// ```swift
/// let gatherer = CallGatherer<TaskID, TaskRecord?>(maxWaiting: 65_536, maxWeight: 100)
/// let record = try await gatherer.call(id) { ids in
///     await server.read(ids)
/// }
/// ```
public final class CallGatherer<Item: Sendable, Answer: Sendable>: Sendable {
    /// The outcome of one call.
    public typealias Outcome = Result<Answer, StoreError>

    /// A call waiting for its answer.
    public struct Call: Sendable {
        /// The call's argument.
        public let item: Item
        @usableFromInline let weight: Int
        // A checked continuation has no layout known here, so that every copy of a call would look it up at run
        // time: a tenth of the time of a small write.
        @usableFromInline let continuation: UnsafeContinuation<Outcome, Never>

        @usableFromInline
        init(item: Item, weight: Int, continuation: UnsafeContinuation<Outcome, Never>) {
            self.item = item
            self.weight = weight
            self.continuation = continuation
        }

        /// Resumes the caller. Call it exactly once for each call from ``CallGatherer/next()``.
        ///
        /// - Parameter outcome: The call's outcome.
        @inlinable
        public func answer(_ outcome: Outcome) {
            continuation.resume(returning: outcome)
        }
    }

    @usableFromInline
    struct State: Sendable {
        @usableFromInline var waiting: Deque<Call> = []
        @usableFromInline var running = 0
        @usableFromInline var isClosed = false

        @usableFromInline
        init() {}
    }

    @usableFromInline let state: Mutex<State>
    @usableFromInline let maxWaiting: Int
    @usableFromInline let maxWeight: Int
    @usableFromInline let maxRunning: Int

    /// - Parameters:
    ///   - maxWaiting: Maximum number of waiting calls; further calls are rejected.
    ///   - maxWeight: Maximum total weight of one run, unless a single call exceeds it.
    ///   - maxRunning: Maximum number of concurrent runs. With 2, one travels to a server while another
    ///     executes there.
    public init(maxWaiting: Int, maxWeight: Int, maxRunning: Int = 1) {
        state = Mutex(State())
        self.maxWaiting = maxWaiting
        self.maxWeight = maxWeight
        self.maxRunning = maxRunning
    }

    // MARK: - Callers

    /// Waits until a run has performed the call.
    ///
    /// - Parameters:
    ///   - item: The call's argument.
    ///   - weight: The call's share of a run's maximum weight.
    ///   - start: Starts a run without waiting for it. Not called if enough runs are in progress.
    /// - Throws: `StoreError`: the run's answer; `unavailable` if too many calls are waiting; `closed` after
    ///   ``close()``.
    @inlinable
    public func call(
        _ item: Item, weight: Int = 1, start: () -> Void
    ) async throws(StoreError) -> Answer {
        let outcome = await withUnsafeContinuation { continuation in
            let call = Call(item: item, weight: weight, continuation: continuation)
            let (rejection, starts) = add(call)
            if let rejection { call.answer(.failure(rejection)) }
            if starts { start() }
        }
        return try outcome.get()
    }

    /// Waits until a run has performed the call.
    ///
    /// - Parameters:
    ///   - item: The call's argument.
    ///   - weight: The call's share of a run's maximum weight.
    ///   - run: Performs the calls of several callers, and returns one outcome for each, in order.
    /// - Throws: `StoreError`: the run's answer; `unavailable` if too many calls are waiting; `closed` after
    ///   ``close()``.
    @inlinable
    public func call(
        _ item: Item, weight: Int = 1, run: @escaping @Sendable ([Item]) async -> [Outcome]
    ) async throws(StoreError) -> Answer {
        // The task ends by itself when no calls are waiting.
        try await call(item, weight: weight) { Task { await self.work(run) } }
    }

    @inlinable
    func add(_ call: Call) -> (rejection: StoreError?, starts: Bool) {
        state.withLock { state in
            if state.isClosed { return (StoreError(.closed, "the store has been closed"), false) }
            guard state.waiting.count < maxWaiting else {
                return (
                    StoreError(.unavailable, "\(maxWaiting) calls are already waiting for the store"), false
                )
            }
            state.waiting.append(call)
            guard state.running < maxRunning else { return (nil, false) }
            state.running += 1
            return (nil, true)
        }
    }

    // MARK: - Runs

    /// Returns the calls for a run to perform next: as many waiting calls as their weights allow, oldest first;
    /// none if none are waiting.
    @inlinable
    public func next() -> [Call] {
        state.withLock { state in
            guard !state.waiting.isEmpty else { return [] }
            var weight = 0
            let count =
                state.waiting.firstIndex { call in
                    weight += call.weight
                    return weight > maxWeight
                } ?? state.waiting.count
            let calls = Array(state.waiting.prefix(max(count, 1)))
            state.waiting.removeFirst(calls.count)
            return calls
        }
    }

    /// Ends a run.
    ///
    /// - Returns: True if calls are already waiting: then the run has not ended, and continues with ``next()``,
    ///   either immediately or wherever it was started.
    @inlinable
    public func finish() -> Bool {
        state.withLock { state in
            if state.waiting.isEmpty { state.running -= 1 }
            return !state.waiting.isEmpty
        }
    }

    @inlinable
    func work(_ run: @Sendable ([Item]) async -> [Outcome]) async {
        repeat {
            let calls = next()
            guard !calls.isEmpty else { continue }
            let outcomes = await run(calls.map(\.item))
            for (index, call) in calls.enumerated() {
                let missing = StoreError(.corrupt, "the store returned fewer outcomes than calls")
                call.answer(index < outcomes.count ? outcomes[index] : .failure(missing))
            }
        } while finish()
    }

    /// Whether calls are waiting that no run has taken yet.
    @inlinable
    public var hasWaiting: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Rejects further calls; waiting ones are still performed.
    ///
    /// - Returns: True for the first caller.
    public func close() -> Bool {
        state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
    }
}
