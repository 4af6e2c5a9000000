import NIOCore
import NIOHTTP1
import Synchronization

/// What is known of the requests under way, by the identifiers of their tasks: the client itself does not tell what
/// connection a request went over.
final class WebhookExchanges: Sendable {
    /// The header that says which task a request is about.
    static let header = "X-XQueue-Task-ID"

    /// What a request went over.
    enum Way {
        case nothing, newConnection, usedConnection
    }

    private struct Exchange {
        let permit: FileGate.Permit
        var way = Way.nothing
    }

    private let exchanges = Mutex<[String: Exchange]>([:])

    /// A request of the task is about to be sent, for which a connection may have to be made.
    func began(_ task: String, _ permit: FileGate.Permit) {
        exchanges.withLock { $0[task] = Exchange(permit: permit) }
    }

    /// Its head goes out.
    ///
    /// - Parameter isUsed: Whether the connection has carried another request before.
    fileprivate func sent(_ task: String, isUsed: Bool) {
        let permit = exchanges.withLock { exchanges in
            exchanges[task]?.way = isUsed ? .usedConnection : .newConnection
            return exchanges[task]?.permit
        }
        permit?.giveBack()
    }

    /// It has its answer, or will have none.
    @discardableResult
    func ended(_ task: String) -> Way {
        let exchange = exchanges.withLock { $0.removeValue(forKey: task) }
        exchange?.permit.giveBack()
        return exchange?.way ?? .nothing
    }
}

/// Sees the requests that go over one connection.
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
