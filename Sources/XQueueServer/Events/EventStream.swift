import NIOCore
import XQueue
import XQueueCore

/// Sends events to a connection that now serves only this stream.
///
/// It comes first in the pipeline: the handlers behind it, left over from HTTP, neither read nor write.
final class EventStream: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// A queued item: the stream writes only as fast as the client reads.
    private enum Item {
        case events(ArraySlice<SharedEvent>)
        case notice(EventNotice)
    }

    /// Approximate size of one write of events, in bytes.
    private static let pieceBytes = 64 << 10

    /// How long the client may take to close its side after the server has closed its own.
    private static let lingering = TimeAmount.seconds(1)

    let format: EventFormat
    private let bus: EventBus
    private let heartbeatInterval: TimeAmount
    /// Counts connections; nil if this stream is part of an HTTP/2 connection.
    private let connections: ConnectionTable?
    /// Tracks whether the client still has access.
    private let pass: StreamPass
    private let ticker: StreamTicker
    private let eventLoop: any EventLoop
    private var subscription: EventSubscription?
    private var pending = CircularBuffer<Item>()
    private var context: ChannelHandlerContext?
    /// When the next heartbeat is due or, once the stream is ending, when to close the connection.
    private var nextDeadline: NIODeadline
    /// When the client last showed a sign of life.
    private var lastSeen = NIODeadline.now()
    private var owesRead = false
    private(set) var isEnding = false

    init(
        _ format: EventFormat, bus: EventBus, heartbeatInterval: TimeAmount, connections: ConnectionTable?,
        ticker: StreamTicker, eventLoop: any EventLoop, pass: StreamPass
    ) {
        self.format = format
        self.bus = bus
        self.heartbeatInterval = heartbeatInterval
        self.connections = connections
        self.ticker = ticker
        self.nextDeadline = .now() + heartbeatInterval
        self.eventLoop = eventLoop
        self.pass = pass
    }

    /// Subscribes. Deliveries run on the event loop, so they arrive only after the handler has been added.
    func subscribe(_ request: EventRequest) throws(QueueError) {
        let (eventLoop, bound) = (eventLoop, NIOLoopBound(self, eventLoop: eventLoop))
        subscription = try bus.subscribe([request.filter], after: request.cursor) { delivery in
            eventLoop.execute { bound.value.take(delivery) }
        }
    }

    /// Cancels the subscription: the connection closed before the handler was added.
    func abandon() {
        subscription?.cancel()
        subscription = nil
    }

    /// - Throws: ``QueueError`` if they name too many values.
    func setFilters(_ filters: [EventFilter]) throws(QueueError) {
        try subscription?.setFilters(filters)
    }

    // MARK: - To the client

    private func take(_ delivery: EventDelivery) {
        switch delivery {
        case .started(let cursor): enqueue(.notice(.hello(cursor)))
        case .reset(let cursor): enqueue(.notice(.reset(cursor)))
        case .rewound(let cursor): enqueue(.notice(.rewound(cursor)))
        case .events(let events, _): enqueue(.events(events[...]))
        case .ended(let error): end(error.code == .slowConsumer ? .slowConsumer : .shutdown)
        }
    }

    private func enqueue(_ item: Item) {
        guard context != nil, !isEnding else { return }
        pending.append(item)
        sendPending()
    }

    /// Sends queued items while the connection is writable.
    private func sendPending() {
        while let context, context.channel.isWritable, !isEnding, let item = pending.popFirst() {
            switch item {
            case .notice(let notice): send(notice)
            case .events(let events):
                let piece = events.prefix(bytes: Self.pieceBytes)
                let rest = events[piece.endIndex...]
                if !rest.isEmpty { pending.prepend(.events(rest)) }
                send(piece, context)
            }
        }
    }

    func send(_ notice: EventNotice) {
        write { format.write(notice, to: &$0) }
    }

    func send(_ frame: SocketFrame, _ payload: ByteBufferView) {
        write { frame.write(payload, to: &$0) }
    }

    /// Sends bytes as they are.
    func send(_ bytes: ByteBuffer) {
        write { $0.writeImmutableBuffer(bytes) }
    }

    private func send(_ events: ArraySlice<SharedEvent>, _ context: ChannelHandlerContext) {
        guard let subscription, !isEnding else { return }
        guard pass.stillHolds else { return end(.accessEnded) }
        let (count, cost) = (events.count, events.reduce(0) { $0 + $1.cost })
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in subscription.consumed(count, cost: cost) }
        write(capacity: cost, promise: written) { buffer in
            for event in events { format.write(event, to: &buffer) }
        }
    }

    private func write(
        capacity: Int = 256, promise: EventLoopPromise<Void>? = nil, _ body: (inout ByteBuffer) -> Void
    ) {
        guard let context, !isEnding else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        var buffer = context.channel.allocator.buffer(capacity: capacity)
        body(&buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.ioOnClosedChannel)
    }

    // MARK: - From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Clients of server-sent events send nothing.
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        read(context: context)
    }

    /// Reads only while the connection is writable: every message of the client has a reply.
    func read(context: ChannelHandlerContext) {
        owesRead = !context.channel.isWritable && !isEnding
        if !owesRead { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        // Nothing was read from the client in the meantime.
        markAlive()
        sendPending()
        if owesRead { read(context: context) }
    }

    /// Notes a sign of life from the client.
    func markAlive() {
        lastSeen = .now()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: context.close(promise: nil)
        case is ChannelShouldQuiesceEvent: end(.shutdown)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: - Lifecycle

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connections?.setAside(context.channel)
        ticker.add(self)
        read(context: context)
    }

    /// Does what is due at `now`.
    func tick(_ now: NIODeadline) {
        if !isEnding, !pass.stillHolds { return end(.accessEnded) }
        guard now >= nextDeadline, let context else { return }
        if isEnding {
            context.close(promise: nil)
        } else if now - lastSeen >= heartbeatInterval * 3 {
            end(.unresponsive)
        } else if !pass.holds {
            end(.accessEnded)
        } else {
            nextDeadline = now + heartbeatInterval
            sendHeartbeat(context)
        }
    }

    private func sendHeartbeat(_ context: ChannelHandlerContext) {
        // A client that is not reading gets nothing more to read.
        guard context.channel.isWritable else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        if case .feed = format {
            // The client never replies: that it reads is its only sign of life.
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            written.futureResult.whenSuccess { bound.value.markAlive() }
        }
        write(capacity: 16, promise: written) { format.writeHeartbeat(to: &$0) }
    }

    /// Ends the stream and sends the reason.
    func end(_ end: EventStreamEnd) {
        guard let context, !isEnding else { return }
        subscription?.cancel()
        pending = []
        var buffer = context.channel.allocator.buffer(capacity: 128)
        format.writeEnd(end, to: &buffer)
        isEnding = true
        // Closing immediately could destroy the message if the client is still sending.
        nextDeadline = .now() + Self.lingering
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenSuccess { bound.value.close(mode: .output, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
        if owesRead { read(context: context) }
    }

    /// Closes the connection, once both sides have sent a close frame.
    func close() {
        context?.close(promise: nil)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // A handler behind this one closes the connection only when the server shuts down.
        end(.shutdown)
        promise?.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        detach()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        detach()
    }

    private func detach() {
        guard context != nil else { return }
        context = nil
        isEnding = true
        pending = []
        ticker.remove(self)
        subscription?.cancel()
        subscription = nil
    }
}

@available(*, unavailable)
extension EventStream: Sendable {}
