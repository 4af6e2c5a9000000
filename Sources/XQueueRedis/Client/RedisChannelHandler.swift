#if Redis

import NIOCore
import NIOSSL

/// The event loop's half of a connection: writes what has gathered, gives replies to who waits for
/// them, and ends the connection when the oldest command is overdue.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long things may take, and where messages of subscriptions go.
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

    /// A buffer that one burst has made larger than this is not kept.
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
        if case .handshakeFailed = error as? NIOSSLError { failure.isLasting = true }
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

    /// Writes everything that has gathered, in one write.
    func flush() {
        spareBytes.clear(minimumCapacity: 0)
        queue.swap(&spareBytes, &spareWaiters)
        inFlight.append(contentsOf: spareWaiters)
        spareWaiters.removeAll(keepingCapacity: true)
        guard let context, ending == nil else { return finish() }
        context.writeAndFlush(wrapOutboundOut(spareBytes), promise: nil)
        if spareBytes.capacity > Self.spareBufferBytes { spareBytes = ByteBuffer() }
    }

    /// Lets the commands in flight finish, then closes the connection.
    func retire() {
        isRetiring = true
        queue.refuseMore(Self.retired)
        retireIfIdle()
    }

    /// Closes the connection; `error` goes to all who wait, at once: an encrypted connection to a peer
    /// that is gone takes its time to close.
    func end(_ error: RedisError) {
        if ending == nil { ending = error }
        finish()
        context?.close(promise: nil)
    }
}

extension RedisChannelHandler {
    /// One reply to the first who waits; returns how many commands it answers.
    private func deliver(_ reply: RedisReply) -> Int {
        if let onMessage = options.onMessage, let message = Publication(reply) {
            onMessage(message.channel, message.payload)
            return 0
        }
        guard let waiter = inFlight.popFirst() else {
            end(.init(.disconnected, "Redis sent a reply to nothing"))
            return 0
        }
        waiter.continuation?.resume(returning: .success(reply))
        return 1
    }

    private func retireIfIdle() {
        guard isRetiring, queue.load == 0 else { return }
        end(Self.retired)
    }

    /// Fails all who wait: those in flight, whose commands may have been carried out, and those queued.
    private func finish() {
        check?.cancel()
        let error = ending ?? RedisError(.disconnected, "Redis closed the connection")
        ending = error
        queue.refuseMore(error)
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
        RedisError(.disconnected, "the connection to Redis was given up: the primary is another server")
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

    /// One check at a time is scheduled, for the moment the oldest command would be overdue.
    private func checkOldest() {
        guard ending == nil else { return }
        let now = NIODeadline.now()
        if let oldest = inFlight.first {
            guard oldest.deadline > now else { return end(Self.lost) }
            return scheduleCheck(at: oldest.deadline)
        }
        // A peer that vanished without a word is found out by a question that it does not answer.
        if now - lastReply >= options.commandTimeout,
            case .needsFlush = queue.append(RedisCommand("PING"), nil, timeout: options.commandTimeout)
        {
            flush()
        }
        scheduleCheck(at: now + options.commandTimeout)
    }

    private static var lost: RedisError {
        RedisError(
            .disconnected, "the connection to Redis was closed: an earlier command got no answer in time")
    }
}

#endif
