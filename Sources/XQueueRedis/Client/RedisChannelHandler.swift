#if Redis

import NIOCore
import NIOSSL

/// The event loop's side of a connection: writes queued commands, passes replies to waiting callers, and closes the
/// connection when the oldest command times out.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Limits, and the receiver of subscription messages.
    struct Options: Sendable {
        var commandTimeout: TimeAmount
        var maximumReplyBytes: Int
        var onMessage: (@Sendable (_ channel: String, _ message: [UInt8]) -> Void)?
    }

    private let queue: CommandQueue
    private let options: Options
    private let reader: ReplyReader
    private var context: ChannelHandlerContext?
    private var inFlight = CircularBuffer<CommandQueue.Waiter>(initialCapacity: 256)
    private var spareBytes = ByteBuffer()
    private var spareWaiters: [CommandQueue.Waiter] = []
    private var lastReply = NIODeadline.now()
    private var isRetiring = false
    private var ending: RedisError?
    private var check: Scheduled<Void>?

    /// Maximum size of a write buffer kept for reuse.
    private static let spareBufferBytes = 1_024 * 1_024

    init(queue: CommandQueue, options: Options) throws(RedisError) {
        self.queue = queue
        self.options = options
        reader = try ReplyReader(maximumReplyBytes: options.maximumReplyBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        scheduleCheck(at: .now() + options.commandTimeout)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        var failure = RedisError(.disconnected, "the connection to Redis failed: \(error)")
        if case .handshakeFailed = error as? NIOSSLError { failure.isPermanent = true }
        end(failure)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        var answered = 0
        do throws(RedisError) {
            var failure: RedisError?
            buffer.withUnsafeReadableBytes { bytes in
                do throws(RedisError) {
                    try reader.read(bytes) { reply in answered += deliver(reply) }
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        } catch {
            end(error)
        }
        queue.answered(answered)
        lastReply = .now()
        retireIfIdle()
    }

    /// Writes all queued commands in one write.
    func flush() {
        spareBytes.clear(minimumCapacity: 0)
        queue.swap(&spareBytes, &spareWaiters)
        inFlight.append(contentsOf: spareWaiters)
        spareWaiters.removeAll(keepingCapacity: true)
        guard let context, ending == nil else { return finish() }
        context.writeAndFlush(wrapOutboundOut(spareBytes), promise: nil)
        if spareBytes.capacity > Self.spareBufferBytes { spareBytes = ByteBuffer() }
    }

    /// Closes the connection once the commands in flight are answered.
    func retire() {
        isRetiring = true
        queue.stopAccepting(Self.retired)
        retireIfIdle()
    }

    /// Closes the connection and fails all waiting callers with `error`, immediately: a TLS connection to a dead peer
    /// takes a while to close.
    func end(_ error: RedisError) {
        if ending == nil { ending = error }
        finish()
        context?.close(promise: nil)
    }
}

extension RedisChannelHandler {
    /// Passes a reply to the first waiting caller; returns the number of commands it answers.
    private func deliver(_ reply: RedisReply) -> Int {
        if let onMessage = options.onMessage, let message = Publication(reply) {
            onMessage(message.channel, message.payload)
            return 0
        }
        guard let waiter = inFlight.popFirst() else {
            end(.init(.disconnected, "unsolicited reply from Redis"))
            return 0
        }
        waiter.continuation?.resume(returning: .success(reply))
        return 1
    }

    private func retireIfIdle() {
        guard isRetiring, queue.load == 0 else { return }
        end(Self.retired)
    }

    /// Fails all waiting callers: those in flight, whose commands may have been executed, and those queued.
    private func finish() {
        check?.cancel()
        let error = ending ?? RedisError(.disconnected, "Redis closed the connection")
        ending = error
        queue.stopAccepting(error)
        let now = NIODeadline.now()
        while let waiter = inFlight.popFirst() {
            let isOverdue = waiter.deadline <= now
            let outcome = isOverdue ? Self.overdue : error
            queue.answered(1)
            waiter.continuation?.resume(returning: .failure(outcome))
        }
        var unsent: [CommandQueue.Waiter] = []
        spareBytes.clear()
        queue.swap(&spareBytes, &unsent)
        queue.answered(unsent.count)
        for waiter in unsent { waiter.continuation?.resume(returning: .failure(error.unsent)) }
    }

    static var retired: RedisError {
        RedisError(.disconnected, "the connection to Redis was closed: another server is the primary now")
    }

    private static var overdue: RedisError {
        RedisError(.timedOut, "Redis did not answer in time")
    }

    private func scheduleCheck(at time: NIODeadline) {
        guard let context else { return }
        check = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) { [weak self] in
            self?.checkOldest()
        }
    }

    /// Closes the connection if the oldest command has timed out, and schedules the next check.
    private func checkOldest() {
        guard ending == nil else { return }
        let now = NIODeadline.now()
        if let oldest = inFlight.first {
            guard oldest.deadline > now else { return end(Self.lost) }
            return scheduleCheck(at: oldest.deadline)
        }
        // Detects a peer that vanished without closing the connection.
        if now - lastReply >= options.commandTimeout,
            case .needsFlush = queue.append(RedisCommand("PING"), nil, timeout: options.commandTimeout)
        {
            flush()
        }
        scheduleCheck(at: now + options.commandTimeout)
    }

    private static var lost: RedisError {
        RedisError(
            .disconnected, "the connection to Redis was closed: an earlier command timed out")
    }
}

#endif
