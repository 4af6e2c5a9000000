#if MQTT

import NIOCore
import Synchronization

/// A connection that is being made, which the caller need not wait for.
final class ConnectAttempt: Sendable {
    private struct State {
        var channel: (any Channel)?
        var isOver = false
    }

    private let state = Mutex(State())
    private let outcome: EventLoopPromise<any Channel>

    /// ``succeed(_:)`` or ``fail(_:)`` must be called.
    init(on loop: any EventLoop) {
        outcome = loop.makePromise(of: (any Channel).self)
    }

    /// The channel, once it is ready.
    ///
    /// - Throws: What it failed with, and `CancellationError` at once if the task is canceled.
    func result() async throws -> any Channel {
        try await withTaskCancellationHandler {
            try await outcome.futureResult.get()
        } onCancel: {
            fail(CancellationError())
        }
    }

    /// Has a channel that is not ready yet closed if the attempt fails, and the attempt fail if it is closed.
    func hold(_ channel: any Channel) {
        let isOver = state.withLock { state in
            if !state.isOver { state.channel = channel }
            return state.isOver
        }
        if isOver { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in self.fail(ChannelError.eof) }
    }

    /// The channel is ready. If the attempt is over, it is closed.
    func succeed(_ channel: any Channel) {
        if end() != nil { outcome.succeed(channel) } else { channel.close(promise: nil) }
    }

    /// Ends the attempt, unless it is over.
    func fail(_ error: any Error) {
        guard let channels = end() else { return }
        for channel in channels { channel.close(promise: nil) }
        outcome.fail(error)
    }

    /// The channel that is held, if there is one; nil if the attempt was over before.
    private func end() -> [any Channel]? {
        state.withLock { state in
            guard !state.isOver else { return nil }
            defer { state = State(channel: nil, isOver: true) }
            return state.channel.map { [$0] } ?? []
        }
    }
}

#endif
