import NIOCore
import NIOHTTP1
import Synchronization

/// What a connection is doing, used to choose one to evict.
final class ConnectionMark: Sendable {
    enum Activity: UInt64, Comparable {
        /// Between requests, or before the first one.
        case idle = 0
        /// Receiving a request.
        case reading = 1
        /// The client is not reading its reply.
        case stalled = 2
        /// Handling a request or streaming events: must not be evicted.
        case busy = 3

        static func < (lhs: Activity, rhs: Activity) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    /// The activity in the low two bits; above them since when, in nanoseconds of a monotonic clock.
    private let word: Atomic<UInt64>
    let channel: any Channel
    let address: ConnectionAddress?
    /// Number of requests in progress on an HTTP/2 connection.
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

    /// The eviction order, smallest first; nil if the connection must not be evicted.
    var rank: UInt64? {
        let value = word.load(ordering: .relaxed)
        guard value & 3 != Activity.busy.rawValue else { return nil }
        // By activity, then by time.
        return (value & 3) << 62 | value >> 2
    }

    /// Closes the connection or, if it has been active since it had that rank, calls `otherwise`.
    func evict(ifStill rank: UInt64, otherwise: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute {
            if self.rank == rank { self.channel.close(promise: nil) } else { otherwise() }
        }
    }

    private static func word(_ activity: Activity) -> UInt64 {
        NIODeadline.now().uptimeNanoseconds << 2 | activity.rawValue
    }
}

/// The source of a connection for the limit per address: an IPv4 address, or an IPv6 /64 network, since each subscriber
/// of a provider has at least one of those.
struct ConnectionAddress: Hashable, Sendable {
    let text: String

    /// Nil for loopback addresses and for channels without an IP address.
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

/// Makes the defaults of an HTTP/1.0 request explicit: it is the last of its connection, and its host is this one.
///
/// A connection keeps to one version, so after a first request in HTTP/1.1 the handler removes itself.
final class HTTP10Normalizer: ChannelInboundHandler, RemovableChannelHandler {
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
extension HTTP10Normalizer: Sendable {}
