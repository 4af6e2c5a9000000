import Synchronization
public import XQueueCore

/// Sends a store's signals to every listener.
///
/// Signals are hints: for a slow listener, the newest 1,024 are kept.
public final class SignalHub: Sendable {
    private static let buffer = 1024

    private struct State {
        var listeners: [Int: AsyncStream<StoreSignal>.Continuation] = [:]
        var nextID = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    /// A hub without listeners.
    public init() {}

    /// Returns a stream of the signals sent from now on, until the stream is released or ``finish()`` is
    /// called.
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

    /// Sends a signal to all current listeners.
    public func send(_ signal: StoreSignal) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield(signal) }
    }

    /// Ends all streams, including those requested later.
    public func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
