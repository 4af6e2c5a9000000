import NIOCore
import XQueue
import XQueueCore

/// Sends events into a connection that is used for nothing else any more.
///
/// It stands first in the pipeline: what is behind it, left over from HTTP, neither reads nor writes.
final class EventStream: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// What waits to be sent: only what the client takes is written out.
    private enum Item {
        case events(ArraySlice<SharedEvent>)
        case notice(EventNotice)
    }

    /// About how many bytes of events are written out at once.
    private static let pieceBytes = 64 << 10

    /// How long the client may take to close its side after the server has.
    private static let lingering = TimeAmount.seconds(1)

    let format: EventFormat
    private let bus: EventBus
    private let heartbeatInterval: TimeAmount
    /// Counts connections; nil if this stream is only a part of one.
    private let connections: ConnectionTable?
    /// Says whether the client may still see what it asked for.
    private let pass: StreamPass
    private let ticker: StreamTicker
    private let eventLoop: any EventLoop
    private var subscription: EventSubscription?
    private var pending = CircularBuffer<Item>()
    private var context: ChannelHandlerContext?
    /// When the next heartbeat is due or, once the stream is ending, when it must be over.
    private var nextDeadline: NIODeadline
    /// When the client was last known to be there.
    private var lastSign = NIODeadline.now()
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

    /// Subscribes. What is delivered before the handler is in its place waits for it.
    func subscribe(_ request: EventRequest) throws(QueueError) {
        let (eventLoop, bound) = (eventLoop, NIOLoopBound(self, eventLoop: eventLoop))
        subscription = try bus.subscribe([request.filter], after: request.cursor) { delivery in
            eventLoop.execute { bound.value.take(delivery) }
        }
    }

    /// There is no connection to send anything into.
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
        case .started(let cursor): put(.notice(.hello(cursor)))
        case .reset(let cursor): put(.notice(.reset(cursor)))
        case .rewound(let cursor): put(.notice(.rewound(cursor)))
        case .events(let events, _): put(.events(events[...]))
        case .ended(let error): end(error.code == .slowConsumer ? .slowConsumer : .shutdown)
        }
    }

    private func put(_ item: Item) {
        guard context != nil, !isEnding else { return }
        pending.append(item)
        sendPending()
    }

    /// Sends what waits, as far as the client takes it.
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

    /// Sends bytes that are ready.
    func send(_ bytes: ByteBuffer) {
        write { $0.writeImmutableBuffer(bytes) }
    }

    private func send(_ events: ArraySlice<SharedEvent>, _ context: ChannelHandlerContext) {
        guard let subscription, !isEnding else { return }
        guard pass.holdsStill else { return end(.accessEnded) }
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
        // A feed's client has nothing to say.
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        read(context: context)
    }

    /// Reads on only as fast as the client takes what it is told: its messages have answers.
    func read(context: ChannelHandlerContext) {
        owesRead = !context.channel.isWritable && !isEnding
        if !owesRead { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        // Meanwhile nobody listened to it.
        clientIsThere()
        sendPending()
        if owesRead { read(context: context) }
    }

    /// The client has sent something.
    func clientIsThere() {
        lastSign = .now()
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

    // MARK: - Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connections?.setAside(context.channel)
        ticker.add(self)
        read(context: context)
    }

    /// Does what is due at `now`.
    func tick(_ now: NIODeadline) {
        if !isEnding, !pass.holdsStill { return end(.accessEnded) }
        guard now >= nextDeadline, let context else { return }
        if isEnding {
            context.close(promise: nil)
        } else if now - lastSign >= heartbeatInterval * 3 {
            end(.silent)
        } else if !pass.holds {
            end(.accessEnded)
        } else {
            nextDeadline = now + heartbeatInterval
            beat(context)
        }
    }

    private func beat(_ context: ChannelHandlerContext) {
        // A client that takes nothing gets nothing more to take.
        guard context.channel.isWritable else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        if case .feed = format {
            // Its client never answers: that it takes what it gets is all there is to see.
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            written.futureResult.whenSuccess { bound.value.clientIsThere() }
        }
        write(capacity: 16, promise: written) { format.writeHeartbeat(to: &$0) }
    }

    /// Ends the stream, with a word of why.
    func end(_ end: EventStreamEnd) {
        guard let context, !isEnding else { return }
        subscription?.cancel()
        pending = []
        var buffer = context.channel.allocator.buffer(capacity: 128)
        format.writeEnd(end, to: &buffer)
        isEnding = true
        // A client that still sends would lose what it was told if the connection were closed at once.
        nextDeadline = .now() + Self.lingering
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenSuccess { bound.value.close(mode: .output, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
        if owesRead { read(context: context) }
    }

    /// Closes the connection: all has been said.
    func close() {
        context?.close(promise: nil)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Somebody behind this handler is done with the connection: the server is.
        end(.shutdown)
        promise?.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    private func leave() {
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
