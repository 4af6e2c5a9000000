#if Redis

import NIOCore
import Synchronization

/// The commands that callers have handed over and that the event loop has not yet written.
///
/// Callers append under a lock. The first to do so after a write asks for the next one, so that
/// everything that gathers meanwhile goes out in one write.
final class CommandQueue: Sendable {
    typealias Outcome = Result<RedisReply, RedisError>

    /// Somebody who waits for a reply.
    struct Waiter {
        /// Nil for the connection's own commands, whose replies nobody wants.
        let continuation: CheckedContinuation<Outcome, Never>?
        let deadline: NIODeadline
    }

    /// What became of an appended command.
    enum Admission {
        /// It waits for a write that is asked for already.
        case gathered
        /// It waits, and the caller must ask for the write.
        case needsFlush
        /// The connection takes no more commands, and why.
        case refused(RedisError)
    }

    private struct State {
        var bytes = ByteBuffer()
        var waiters: [Waiter] = []
        var isFlushing = false
        var refusal: RedisError?
    }

    private let state = Mutex(State())
    private let counter = Atomic<Int>(0)

    /// Commands that are not answered yet.
    var load: Int { counter.load(ordering: .relaxed) }

    func append(
        _ command: RedisCommand, _ continuation: CheckedContinuation<Outcome, Never>?, timeout: TimeAmount
    ) -> Admission {
        let head = DecimalDigits(Int64(command.count)).bytes
        return state.withLock { state in
            if let refusal = state.refusal { return .refused(refusal.unsent) }
            state.bytes.writeInteger(UInt8(ascii: "*"))
            state.bytes.writeBytes(head)
            state.bytes.writeInteger(0x0D0A as UInt16)
            state.bytes.writeBytes(command.body)
            // Taken under the lock, so that deadlines are in the order of the commands.
            state.waiters.append(Waiter(continuation: continuation, deadline: .now() + timeout))
            counter.wrappingAdd(1, ordering: .relaxed)
            if state.isFlushing { return .gathered }
            state.isFlushing = true
            return .needsFlush
        }
    }

    /// Takes all that has gathered and leaves the two given, empty containers for what comes.
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

    /// Takes no more commands; what has gathered stays.
    func refuseMore(_ error: RedisError) {
        state.withLock { state in
            if state.refusal == nil { state.refusal = error }
        }
    }
}

#endif
