public import DequeModule
public import Synchronization
public import XQueueCore

/// Gathers what concurrent callers ask into one step of the store: while one run is under way, what the next one does
/// fills up (group commit). There is no timer, so a lone caller waits for nothing.
///
/// A store whose step is an asynchronous function, such as a round trip to a server, uses ``call(_:weight:run:)`` and is
/// done. One that works on a thread or queue of its own starts its runs there: a run takes calls with ``next()``, answers
/// each of them, and ends with ``finish()``.
///
/// ```swift
/// let gatherer = CallGatherer<TaskID, TaskRecord?>(maxWaiting: 65_536, maxWeight: 100)
/// let record = try await gatherer.call(id) { ids in
///     await server.read(ids)
/// }
/// ```
public final class CallGatherer<Item: Sendable, Answer: Sendable>: Sendable {
    /// What becomes of one call.
    public typealias Outcome = Result<Answer, StoreError>

    /// A call that waits for its answer.
    public struct Call: Sendable {
        /// What is asked.
        public let item: Item
        @usableFromInline let weight: Int
        // A checked one has no layout that is known here, and would make every copy of a call a search for it: a tenth of
        // what a small write takes.
        @usableFromInline let continuation: UnsafeContinuation<Outcome, Never>

        @usableFromInline
        init(item: Item, weight: Int, continuation: UnsafeContinuation<Outcome, Never>) {
            self.item = item
            self.weight = weight
            self.continuation = continuation
        }

        /// Lets the caller go on. To be called once for each call that ``CallGatherer/next()`` has given.
        ///
        /// - Parameter outcome: What the caller gets.
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
    ///   - maxWaiting: The most calls that may wait; more are refused.
    ///   - maxWeight: The most weight in one run, unless a single call has more.
    ///   - maxRunning: The most runs at a time. With 2, one is on its way to a server while another is being done there.
    public init(maxWaiting: Int, maxWeight: Int, maxRunning: Int = 1) {
        state = Mutex(State())
        self.maxWaiting = maxWaiting
        self.maxWeight = maxWeight
        self.maxRunning = maxRunning
    }

    // MARK: - Callers

    /// Waits until a run has done what is asked.
    ///
    /// - Parameters:
    ///   - item: What is asked.
    ///   - weight: How much of a run it takes.
    ///   - start: Starts a run, without waiting for it. It is not called if enough are under way.
    /// - Throws: `StoreError`: what the run answers; `unavailable` if too many calls wait; `closed` after
    ///   ``close()``.
    @inlinable
    public func call(
        _ item: Item, weight: Int = 1, start: () -> Void
    ) async throws(StoreError) -> Answer {
        let outcome = await withUnsafeContinuation { continuation in
            let call = Call(item: item, weight: weight, continuation: continuation)
            let (refusal, starts) = add(call)
            if let refusal { call.answer(.failure(refusal)) }
            if starts { start() }
        }
        return try outcome.get()
    }

    /// Waits until a run has done what is asked.
    ///
    /// - Parameters:
    ///   - item: What is asked.
    ///   - weight: How much of a run it takes.
    ///   - run: Does what several callers ask, and answers one outcome for each, in order.
    /// - Throws: `StoreError`: what the run answers; `unavailable` if too many calls wait; `closed` after
    ///   ``close()``.
    @inlinable
    public func call(
        _ item: Item, weight: Int = 1, run: @escaping @Sendable ([Item]) async -> [Outcome]
    ) async throws(StoreError) -> Answer {
        // It ends by itself, when nobody waits any more.
        try await call(item, weight: weight) { Task { await self.work(run) } }
    }

    @inlinable
    func add(_ call: Call) -> (refusal: StoreError?, starts: Bool) {
        state.withLock { state in
            if state.isClosed { return (StoreError(.closed, "the store has been closed"), false) }
            guard state.waiting.count < maxWaiting else {
                return (
                    StoreError(.unavailable, "\(maxWaiting) calls are waiting for the store already"), false
                )
            }
            state.waiting.append(call)
            guard state.running < maxRunning else { return (nil, false) }
            state.running += 1
            return (nil, true)
        }
    }

    // MARK: - Runs

    /// What a run does next: as many of the waiting calls as their weights allow, oldest first; none if none wait.
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
    /// - Returns: True if calls wait already: then it is not over, and goes on with ``next()``, at once or wherever it was
    ///   started.
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
                let missing = StoreError(.corrupt, "the store answered for fewer callers than asked")
                call.answer(index < outcomes.count ? outcomes[index] : .failure(missing))
            }
        } while finish()
    }

    /// Whether calls wait that no run has taken yet.
    @inlinable
    public var hasWaiting: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Refuses further calls; those that wait are still done.
    ///
    /// - Returns: True for the first caller.
    public func close() -> Bool {
        state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
    }
}
