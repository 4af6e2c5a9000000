import NIOCore
import Synchronization

/// Drives all streams of one event loop with a single timer.
///
/// One timer per stream would be too slow: canceling a timer makes NIO scan all of them.
final class StreamTicker {
    private let eventLoop: any EventLoop
    private let period: TimeAmount
    private var streams: [ObjectIdentifier: EventStream] = [:]
    private var timer: Scheduled<Void>?

    init(eventLoop: any EventLoop, period: TimeAmount) {
        self.eventLoop = eventLoop
        self.period = period
    }

    func add(_ stream: EventStream) {
        streams[ObjectIdentifier(stream)] = stream
        if timer == nil { schedule() }
    }

    func remove(_ stream: EventStream) {
        streams[ObjectIdentifier(stream)] = nil
    }

    private func schedule() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleTask(in: period) { bound.value.tick() }
    }

    private func tick() {
        let now = NIODeadline.now()
        for stream in streams.values { stream.tick(now) }
        if streams.isEmpty { timer = nil } else { schedule() }
    }
}

/// The tickers of a server, one for each event loop.
final class StreamTickers: Sendable {
    private let period: TimeAmount
    private let tickers = Mutex<[ObjectIdentifier: NIOLoopBound<StreamTicker>]>([:])

    /// - Parameter heartbeat: The interval of the streams' heartbeats.
    init(heartbeat: TimeAmount) {
        period = .nanoseconds(min(heartbeat.nanoseconds / 8, TimeAmount.milliseconds(500).nanoseconds))
    }

    /// Returns the ticker of `eventLoop`; must be called on it.
    func ticker(of eventLoop: any EventLoop) -> StreamTicker {
        let bound = tickers.withLock { tickers in
            let id = ObjectIdentifier(eventLoop)
            if let bound = tickers[id] { return bound }
            let bound = NIOLoopBound(
                StreamTicker(eventLoop: eventLoop, period: period), eventLoop: eventLoop)
            tickers[id] = bound
            return bound
        }
        return bound.value
    }
}

@available(*, unavailable)
extension StreamTicker: Sendable {}
