import Synchronization
public import XQueueCore

/// Passes a store's signals on to everyone who listens.
///
/// Signals are hints: a listener that is behind keeps the newest 1,024 of them.
public final class SignalHub: Sendable {
    private static let buffer = 1024

    private struct State {
        var listeners: [Int: AsyncStream<StoreSignal>.Continuation] = [:]
        var nextID = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    /// A hub that nobody listens to yet.
    public init() {}

    /// What is sent from now on, until the stream is let go or ``finish()`` is called.
    public func listen() -> AsyncStream<StoreSignal> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: StoreSignal.self, bufferingPolicy: .bufferingNewest(Self.buffer))
        let id: Int? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.nextID += 1
            state.listeners[state.nextID] = continuation
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
        }
        return stream
    }

    /// Passes a signal on to everyone who listens now.
    public func send(_ signal: StoreSignal) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield(signal) }
    }

    /// Ends all streams, and those that are asked for later.
    public func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
