import HTTPTypes
import NIOCore

/// The origin of the page, if any, that made a browser send a request.
enum RequestOrigin {
    /// This server's own page, or direct navigation by the user.
    case own
    /// A page of another origin, possibly an allowed one.
    case foreign(String)
    /// Not stated: the request comes from a program or an old browser.
    case unspecified

    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")

    init(_ head: HTTPRequest) {
        let origin = head.headerFields[.origin]
        // Pages cannot forge this header, and it is correct even behind a proxy that changes the host.
        if let site = Self.fetchSite.flatMap({ head.headerFields[$0] }) {
            self = site == "same-origin" || site == "none" ? .own : .foreign(origin ?? "null")
        } else if let origin {
            self = Self.isOwn(origin, host: head.authority) ? .own : .foreign(origin)
        } else {
            self = .unspecified
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
    /// Whether requests with this method change nothing.
    var isSafe: Bool { self == .get || self == .head || self == .options }
}

/// A client's address, for the log and for counting requests per source.
enum ClientAddress {
    /// The IP address as text; nil if the channel is not an IP connection.
    static func text(of channel: (any Channel)?) -> String? {
        channel?.remoteAddress?.ipAddress
    }

    /// The key an address is counted under: for IPv6 its /64 network, since a client that has one address of it
    /// usually has them all. Unlike the connection limit, this includes loopback addresses.
    static func place(_ address: String) -> String {
        ConnectionAddress(ipAddress: address)?.text ?? address
    }
}
