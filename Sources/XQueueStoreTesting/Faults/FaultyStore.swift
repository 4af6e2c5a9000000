import Synchronization
public import XQueueCore

/// A store that forwards every call to another one, except those it is set to fail or hold.
public final class FaultyStore: StoreDecorator {
    /// Whether a fault or a hold takes effect before or after the call of the underlying store.
    public enum Moment: Sendable, Hashable {
        /// The underlying store never gets the call.
        case before
        /// The underlying store performs the call, but the caller gets an error.
        case after
    }

    private struct Fault {
        var verb: StoreVerb
        var moment: Moment
        var error: StoreError
        var remaining: Int
    }

    private struct Hold: Hashable {
        let verb: StoreVerb
        let moment: Moment
    }

    private struct Watcher {
        let verb: StoreVerb
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var faults: [Fault] = []
        var holds: Set<Hold> = []
        var waiting: [StoreVerb: [CheckedContinuation<Void, Never>]] = [:]
        var watchers: [Watcher] = []
        var calls: [StoreVerb: Int] = [:]
    }

    public let base: any Store
    private let closesBase: Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - base: The underlying store.
    ///   - closesBase: False for one of several stores that share an underlying store, for example one per
    ///     node; the creator of that store closes it.
    public init(_ base: any Store, closesBase: Bool = true) {
        self.base = base
        self.closesBase = closesBase
    }

    public var name: String { "faulty \(base.name)" }

    /// One of several stores that share an underlying store is not exclusive.
    public var capabilities: StoreCapabilities {
        closesBase ? base.capabilities : base.capabilities.subtracting(.exclusive)
    }

    /// Releases every held call, then closes the underlying store if it is configured to.
    public func close() async {
        for verb in StoreVerb.allCases { release(verb) }
        if closesBase { await base.close() }
    }

    // MARK: - Faults and holds

    /// Makes the next `times` calls of `verb` throw `error`.
    public func fail(
        _ verb: StoreVerb, times: Int = 1, _ moment: Moment = .before,
        with error: StoreError = StoreError(.unavailable, "a fault injected by a test")
    ) {
        let fault = Fault(verb: verb, moment: moment, error: error, remaining: times)
        state.withLock { $0.faults.append(fault) }
    }

    /// Makes every call throw, as if the store were unreachable.
    public func cutOff() {
        for verb in StoreVerb.allCases { fail(verb, times: .max) }
    }

    /// Removes every fault that has not occurred yet.
    public func heal() {
        state.withLock { $0.faults = [] }
    }

    /// Makes calls of `verb` wait until they are released.
    ///
    /// - Parameters:
    ///   - verb: The calls to hold.
    ///   - moment: Whether they wait before the underlying store gets them, or after it has answered.
    public func hold(_ verb: StoreVerb, _ moment: Moment = .before) {
        state.withLock { _ = $0.holds.insert(Hold(verb: verb, moment: moment)) }
    }

    /// Releases the waiting calls of `verb`, and holds no further ones.
    public func release(_ verb: StoreVerb) {
        let continuations = state.withLock { state in
            for moment in [Moment.before, .after] { state.holds.remove(Hold(verb: verb, moment: moment)) }
            return state.waiting.removeValue(forKey: verb) ?? []
        }
        for continuation in continuations { continuation.resume() }
    }

    /// Waits until at least `count` calls of `verb` are held.
    public func waitForHeldCalls(of verb: StoreVerb, count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                if state.waiting[verb, default: []].count >= count { return true }
                state.watchers.append(Watcher(verb: verb, count: count, continuation: continuation))
                return false
            }
            if isSatisfied { continuation.resume() }
        }
    }

    /// Number of calls of `verb`, successful or not.
    public func calls(of verb: StoreVerb) -> Int {
        state.withLock { $0.calls[verb, default: 0] }
    }

    // MARK: - Forwarding

    public func call<Value: Sendable>(
        _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        state.withLock { $0.calls[verb, default: 0] += 1 }
        await pass(verb, .before)
        if let error = strike(verb, .before) { throw error }
        let value = try await body()
        await pass(verb, .after)
        if let error = strike(verb, .after) { throw error }
        return value
    }

    private func strike(_ verb: StoreVerb, _ moment: Moment) -> StoreError? {
        state.withLock { state in
            guard
                let index = state.faults.firstIndex(where: {
                    $0.verb == verb && $0.moment == moment && $0.remaining > 0
                })
            else { return nil }
            state.faults[index].remaining -= 1
            let error = state.faults[index].error
            if state.faults[index].remaining == 0 { state.faults.remove(at: index) }
            return error
        }
    }

    private func pass(_ verb: StoreVerb, _ moment: Moment) async {
        await withCheckedContinuation { continuation in
            var isFree = false
            var satisfied: [Watcher] = []
            state.withLock { state in
                guard state.holds.contains(Hold(verb: verb, moment: moment)) else {
                    isFree = true
                    return
                }
                state.waiting[verb, default: []].append(continuation)
                let count = state.waiting[verb, default: []].count
                satisfied = state.watchers.filter { $0.verb == verb && $0.count <= count }
                state.watchers.removeAll { $0.verb == verb && $0.count <= count }
            }
            if isFree { continuation.resume() }
            for watcher in satisfied { watcher.continuation.resume() }
        }
    }
}
