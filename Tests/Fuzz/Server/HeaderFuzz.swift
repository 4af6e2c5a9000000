import HTTPTypes
import XQueue
import XQueueCore

@testable import XQueueServer

extension FuzzReader {
    /// The query and the path of a URL.
    static let url = FuzzReader("url") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            .map(String.init)
        let path = PathPattern.split(parts.first ?? "")
        var isAccepted = false
        for route in Routes.all {
            guard let parameters = route.path.parameters(of: path) else { continue }
            try require(parameters.isEmpty != route.path.hasParameters, "\(parameters) in \(text)")
            let query = parts.count > 1 ? parts[1] : nil
            guard let query = try? QueryParameters(query, allowed: route.query) else { continue }
            isAccepted = true
            for name in route.query {
                let count = query.values(of: name).count
                try require((try? query.text(name)) == nil || count < 2, "\(name) is given \(count) times")
                _ = (try? query.integer(name), try? query.flag(name), try? query.statuses(name))
            }
        }
        return isAccepted
    }

    /// `%` escapes: what is decoded can be encoded so that it is decoded again.
    static let percent = FuzzReader("percent") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let decoded = PercentDecoding.decode(text[...])
        else { return false }
        let digits = Array("0123456789abcdef".utf8)
        let encoded = decoded.utf8.flatMap { byte in
            [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        let again = PercentDecoding.decode(String(decoding: encoded, as: UTF8.self)[...])
        try require(again?.utf8.elementsEqual(decoded.utf8) == true, "\(text) is decoded as \(decoded)")
        return true
    }

    /// A request's head: whose it is, where it comes from, and whether it is for a stream.
    static let requestHead = FuzzReader("request-head") { bytes in
        let head = head(bytes)
        var isAccepted = (try? HostRule(ServerConfiguration()).check(head, isLocked: false)) != nil
        switch Credential(head.headerFields) {
        case .bearer(let token): try require(!token.isEmpty, "an empty token")
        case .session, .unknown, .none: break
        }
        _ = RequestOrigin(head)
        _ = CrossOrigin.isPreflight(head)
        isAccepted = (try? head.checkEncoding()) != nil && isAccepted
        if let request = try? EventRequest(head, allowed: EventRequest.parameters) {
            try require(request.filter.valueCount <= 3 * EventRequest.maxValues, "too many values")
        } else {
            isAccepted = false
        }
        if let stream = EventRequest.stream(requestedBy: head, among: Routes.all) {
            try require(stream.route.method == head.method, "a stream for \(head.method)")
        }
        let named = head.naming("localhost")
        try require(named.furtherHosts.isEmpty && named.authority == "localhost", "another host")
        return isAccepted
    }

    /// Reads lines like a request's: method and path, then one field a line. The first `Host` becomes the authority, as
    /// NIO does it.
    private static func head(_ bytes: [UInt8]) -> HTTPRequest {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let first = lines[0].split(separator: " ", maxSplits: 1).map(String.init)
        var request = HTTPRequest(
            method: first.first.flatMap { HTTPRequest.Method($0) } ?? .get, scheme: "http", authority: nil,
            path: first.count > 1 ? first[1] : nil)
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = HTTPField.Name(String(parts[0])) else { continue }
            let field = HTTPField(name: name, value: String(parts[1]))
            if name.canonicalName == "host", request.authority == nil {
                request.authority = field.value
            } else {
                request.headerFields.append(field)
            }
        }
        return request
    }
}
