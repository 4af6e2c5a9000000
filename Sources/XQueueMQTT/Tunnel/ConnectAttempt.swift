#if MQTT

import NIOCore
import Synchronization

/// A connection attempt that the caller may abandon.
final class ConnectAttempt: Sendable {
    private struct State {
        var channel: (any Channel)?
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let outcome: EventLoopPromise<any Channel>

    /// The caller must call ``succeed(_:)`` or ``fail(_:)`` eventually.
    init(on loop: any EventLoop) {
        outcome = loop.makePromise(of: (any Channel).self)
    }

    /// Waits until the channel is ready.
    ///
    /// - Throws: The failure's error, or `CancellationError` immediately if the task is canceled.
    func result() async throws -> any Channel {
        try await withTaskCancellationHandler {
            try await outcome.futureResult.get()
        } onCancel: {
            fail(CancellationError())
        }
    }

    /// Ties an unready channel to the attempt: it is closed if the attempt fails, and its closing fails the
    /// attempt.
    func hold(_ channel: any Channel) {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.channel = channel }
            return state.hasEnded
        }
        if hasEnded { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in self.fail(ChannelError.eof) }
    }

    /// Reports that the channel is ready. If the attempt has already ended, closes the channel.
    func succeed(_ channel: any Channel) {
        if end() != nil { outcome.succeed(channel) } else { channel.close(promise: nil) }
    }

    /// Ends the attempt, unless it has already ended.
    func fail(_ error: any Error) {
        guard let channels = end() else { return }
        for channel in channels { channel.close(promise: nil) }
        outcome.fail(error)
    }

    /// The channel held, if there is one; nil if the attempt had already ended.
    private func end() -> [any Channel]? {
        state.withLock { state in
            guard !state.hasEnded else { return nil }
            defer { state = State(channel: nil, hasEnded: true) }
            return state.channel.map { [$0] } ?? []
        }
    }
}

#endif
