import NIOCore
import NIOHTTP1
import Synchronization

/// The requests in flight, by task identifier. Needed because the HTTP client does not report which connection a request
/// used.
final class WebhookExchanges: Sendable {
    /// The header with the identifier of the request's task.
    static let header = "X-XQueue-Task-ID"

    /// The connection that a request used.
    enum Way {
        case nothing, newConnection, usedConnection
    }

    private struct Exchange {
        let permit: FileGate.Permit
        var way = Way.nothing
    }

    private let exchanges = Mutex<[String: Exchange]>([:])

    /// Records that a request is about to be sent, which may open a connection.
    func began(_ task: String, _ permit: FileGate.Permit) {
        exchanges.withLock { $0[task] = Exchange(permit: permit) }
    }

    /// Records that the request's head is being sent.
    ///
    /// - Parameter isUsed: Whether the connection has carried another request before.
    fileprivate func sent(_ task: String, isUsed: Bool) {
        let permit = exchanges.withLock { exchanges in
            exchanges[task]?.way = isUsed ? .usedConnection : .newConnection
            return exchanges[task]?.permit
        }
        permit?.release()
    }

    /// Records that the request has a response or has failed; returns the connection it used.
    @discardableResult
    func ended(_ task: String) -> Way {
        let exchange = exchanges.withLock { $0.removeValue(forKey: task) }
        exchange?.permit.release()
        return exchange?.way ?? .nothing
    }
}

/// Observes the requests sent over a connection.
final class WebhookConnectionWatch: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let exchanges: WebhookExchanges
    private var hasCarried = false

    init(_ exchanges: WebhookExchanges) {
        self.exchanges = exchanges
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .head(let head) = unwrapOutboundIn(data) {
            if let task = head.headers.first(name: WebhookExchanges.header) {
                exchanges.sent(task, isUsed: hasCarried)
            }
            hasCarried = true
        }
        context.write(data, promise: promise)
    }
}

@available(*, unavailable)
extension WebhookConnectionWatch: Sendable {}
