import HTTPTypes
import XQueue
import XQueueCore

/// The hosts a request may name.
///
/// Without tokens, a server on the loopback interface trusts every client that can reach it. That includes pages of
/// other sites whose domain name was made to resolve to this machine (DNS rebinding), but their requests carry that
/// name.
struct HostRule: Sendable {
    /// Names of this server besides those of the loopback interface; in lower case.
    private let names: Set<String>
    private let isStrict: Bool

    init(_ configuration: ServerConfiguration) {
        names = Set(configuration.hosts.map { $0.lowercased() })
        isStrict = !names.isEmpty || Self.isLoopback(configuration.host.lowercased())
    }

    /// Checks that a request names exactly one host and, if the server is not `isLocked`, that it is one of this
    /// server's.
    ///
    /// - Throws: ``XQueue/QueueError`` `malformed_http` or `unknown_host`.
    func check(_ head: HTTPRequest, isLocked: Bool) throws(QueueError) {
        // NIO moves the first Host from the header fields to `authority`.
        guard let authority = head.authority else {
            throw QueueError(.malformedHTTP, "the request has no Host header")
        }
        guard head.furtherHosts.isEmpty else {
            throw QueueError(.malformedHTTP, "the request has more than one Host header")
        }
        guard isStrict, !isLocked, !isOurs(authority) else { return }
        let quoted = authority.truncated(toBytes: ErrorReply.quotedBytes)
        throw QueueError(
            .unknownHost,
            "Host '\(quoted)' is not allowed: use localhost, 127.0.0.1 or [::1], or add the name to server.hosts"
        )
    }

    private func isOurs(_ authority: String) -> Bool {
        let host = Self.withoutPort(authority.lowercased())
        // Only HTTP/1.0 clients name none.
        return host.isEmpty || Self.isLoopback(host) || names.contains(host)
    }

    private static func withoutPort(_ authority: String) -> String {
        let end = authority.lastIndex(of: ":") ?? authority.endIndex
        // Colons within brackets belong to an IPv6 address.
        guard !authority[end...].contains("]") else { return authority }
        let port = authority[end...].dropFirst()
        return port.allSatisfy { $0.isASCII && $0.isNumber } ? String(authority[..<end]) : authority
    }

    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy {
                1...3 ~= $0.count && $0.utf8.allSatisfy { 48...57 ~= $0 } && Int($0) ?? 256 < 256
            }
    }
}

extension HTTPRequest {
    private static let host = HTTPField.Name("Host")

    /// Hosts named by the request besides its authority.
    var furtherHosts: [String] {
        headerFields.compactMap { $0.name == Self.host ? $0.value : nil }
    }

    /// Returns the request with `host` as its only host.
    func naming(_ host: String) -> HTTPRequest {
        var request = self
        request.authority = host
        if let name = Self.host { request.headerFields[name] = nil }
        return request
    }

    /// - Throws: ``XQueue/QueueError`` `unsupported_media_type` if the body is compressed, which is not supported.
    func checkEncoding() throws(QueueError) {
        for field in headerFields where field.name == .contentEncoding {
            guard field.value.lowercased() != "identity", !field.value.isEmpty else { continue }
            guard headerFields[.contentLength] != "0" else { continue }
            let encoding = field.value.truncated(toBytes: ErrorReply.quotedBytes)
            throw QueueError(
                .unsupportedMediaType,
                "unsupported Content-Encoding \(encoding): send the body unencoded")
        }
    }
}
