import NIOCore
import NIOHTTP1
import Synchronization

/// What one connection is doing, for whoever looks for one that can go.
final class ConnectionMark: Sendable {
    enum Activity: UInt64, Comparable {
        /// Between requests, or before the first one.
        case idle = 0
        /// A request has begun to arrive.
        case reading = 1
        /// The client does not take its reply.
        case stalled = 2
        /// A request is being answered, or events are sent: not to be disturbed.
        case busy = 3

        static func < (lhs: Activity, rhs: Activity) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    /// The activity in the last two bits, and before them since when, in nanoseconds of a monotonic clock.
    private let word: Atomic<UInt64>
    let channel: any Channel
    let address: ConnectionAddress?
    /// Requests of an HTTP/2 connection that are under way.
    private let streams = Atomic<Int>(0)

    init(_ channel: any Channel, address: ConnectionAddress?) {
        self.channel = channel
        self.address = address
        word = Atomic(Self.word(.idle))
    }

    func set(_ activity: Activity) {
        word.store(Self.word(activity), ordering: .relaxed)
    }

    func streamOpened() {
        streams.add(1, ordering: .relaxed)
        set(.busy)
    }

    func streamClosed() {
        if streams.subtract(1, ordering: .relaxed).newValue == 0 { set(.idle) }
    }

    /// Which of two connections goes first has the smaller value; nil if it must not go.
    var rank: UInt64? {
        let value = word.load(ordering: .relaxed)
        guard value & 3 != Activity.busy.rawValue else { return nil }
        // The kind first, then the time.
        return (value & 3) << 62 | value >> 2
    }

    /// Closes the connection, unless it has gone on since it had that rank: then `otherwise` is called.
    func evict(ifStill rank: UInt64, otherwise: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute {
            if self.rank == rank { self.channel.close(promise: nil) } else { otherwise() }
        }
    }

    private static func word(_ activity: Activity) -> UInt64 {
        NIODeadline.now().uptimeNanoseconds << 2 | activity.rawValue
    }
}

/// Whose connection it is, as far as a limit goes: an address of IPv4, or the network of one of IPv6, since every
/// subscriber of a provider has one of those.
struct ConnectionAddress: Hashable, Sendable {
    let text: String

    /// Nil for the loopback interface, and for what is no network.
    init?(_ address: SocketAddress?) {
        guard let text = address?.ipAddress else { return nil }
        self.init(ipAddress: text)
    }

    init?(ipAddress: String) {
        let mapped = "::ffff:"
        let address =
            ipAddress.hasPrefix(mapped) && ipAddress.contains(".")
            ? String(ipAddress.dropFirst(mapped.count)) : ipAddress
        guard !HostRule.isLoopback(address) else { return nil }
        text = address.contains(":") ? Self.network(address) : address
    }

    /// The first four of the eight groups.
    private static func network(_ address: String) -> String {
        let address = address.prefix { $0 != "%" }
        let halves = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        let head = halves[0].split(separator: ":")
        let tail = halves.count > 1 ? halves[1].split(separator: ":") : []
        let zeros = max(0, 8 - head.count - tail.count)
        let groups = head + Array(repeating: "0", count: halves.count > 1 ? zeros : 0) + tail
        return groups.prefix(4).joined(separator: ":")
    }
}

/// Says in so many words what an HTTP/1.0 request means by saying nothing: that it is its connection's last, and for
/// whatever host is here.
///
/// A connection keeps to one version, so behind a first request of HTTP/1.1 there is nothing to do.
final class OldClientMark: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        guard head.version == .http1_0 else {
            context.fireChannelRead(data)
            return context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
        if !head.isKeepAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
        if !head.headers.contains(name: "host") { head.headers.add(name: "host", value: "") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

@available(*, unavailable)
extension OldClientMark: Sendable {}
