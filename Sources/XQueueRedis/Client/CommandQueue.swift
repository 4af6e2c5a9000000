#if Redis

import NIOCore
import Synchronization

/// Commands that the event loop has not written yet.
///
/// Callers append under a lock. The first one after a write schedules the next write, which then includes everything
/// appended in the meantime.
final class CommandQueue: Sendable {
    typealias Outcome = Result<RedisReply, RedisError>

    /// A caller waiting for a reply.
    struct Waiter {
        /// Nil for the connection's own commands, whose replies are ignored.
        let continuation: CheckedContinuation<Outcome, Never>?
        let deadline: NIODeadline
    }

    /// The outcome of appending a command.
    enum Admission {
        /// A write is scheduled already.
        case queued
        /// The caller must schedule the write.
        case needsFlush
        /// The connection accepts no more commands.
        case rejected(RedisError)
    }

    private struct State {
        var bytes = ByteBuffer()
        var waiters: [Waiter] = []
        var isFlushing = false
        var rejection: RedisError?
    }

    private let state = Mutex(State())
    private let counter = Atomic<Int>(0)

    /// Number of unanswered commands.
    var load: Int { counter.load(ordering: .relaxed) }

    func append(
        _ command: RedisCommand, _ continuation: CheckedContinuation<Outcome, Never>?, timeout: TimeAmount
    ) -> Admission {
        let head = DecimalDigits(Int64(command.count)).bytes
        return state.withLock { state in
            if let rejection = state.rejection { return .rejected(rejection.unsent) }
            state.bytes.writeInteger(UInt8(ascii: "*"))
            state.bytes.writeBytes(head)
            state.bytes.writeInteger(0x0D0A as UInt16)
            state.bytes.writeBytes(command.body)
            // Computed under the lock, so that deadlines are in the order of the commands.
            state.waiters.append(Waiter(continuation: continuation, deadline: .now() + timeout))
            counter.wrappingAdd(1, ordering: .relaxed)
            if state.isFlushing { return .queued }
            state.isFlushing = true
            return .needsFlush
        }
    }

    /// Takes everything queued, and leaves the given empty containers in its place.
    func swap(_ bytes: inout ByteBuffer, _ waiters: inout [Waiter]) {
        state.withLock { state in
            Swift.swap(&state.bytes, &bytes)
            Swift.swap(&state.waiters, &waiters)
            state.isFlushing = false
        }
    }

    func answered(_ count: Int) {
        counter.wrappingSubtract(count, ordering: .relaxed)
    }

    /// Rejects further commands with `error`; queued ones stay.
    func stopAccepting(_ error: RedisError) {
        state.withLock { state in
            if state.rejection == nil { state.rejection = error }
        }
    }
}

#endif
