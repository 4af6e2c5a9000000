import HTTPTypes
import NIOCore

/// Whose page, if any, a browser sent a request for.
enum RequestOrigin {
    /// A page of this server, or the user themselves.
    case own
    /// A page of another place, which may be one that is allowed.
    case foreign(String)
    /// The request does not say: it comes from a program, or an old browser.
    case unsaid

    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")

    init(_ head: HTTPRequest) {
        let origin = head.headerFields[.origin]
        // No page can forge this one, and it is right behind a proxy that changes the host, too.
        if let site = Self.fetchSite.flatMap({ head.headerFields[$0] }) {
            self = site == "same-origin" || site == "none" ? .own : .foreign(origin ?? "null")
        } else if let origin {
            self = Self.isOwn(origin, host: head.authority) ? .own : .foreign(origin)
        } else {
            self = .unsaid
        }
    }

    private static func isOwn(_ origin: String, host: String?) -> Bool {
        let origin = origin.lowercased()
        guard let mark = origin.firstRange(of: "://"), let host = host?.lowercased() else { return false }
        let port = origin[..<mark.lowerBound] == "https" ? ":443" : ":80"
        let own = host.hasSuffix(port) ? host.dropLast(port.count) : Substring(host)
        let place = origin[mark.upperBound...]
        return (place.hasSuffix(port) ? place.dropLast(port.count) : place) == own
    }
}

extension HTTPRequest.Method {
    /// Whether a request with it changes nothing.
    var isSafe: Bool { self == .get || self == .head || self == .options }
}

/// The address of a client, for the log and for counting what comes from one place.
enum ClientAddress {
    /// As text; nil for a channel that is no connection of IP.
    static func text(of channel: (any Channel)?) -> String? {
        channel?.remoteAddress?.ipAddress
    }

    /// The place an address belongs to: of IPv6 the network, of which whoever has one address has 2^64. Unlike
    /// connections, wrong tokens from this machine are counted, too.
    static func place(_ address: String) -> String {
        ConnectionAddress(ipAddress: address)?.text ?? address
    }
}
