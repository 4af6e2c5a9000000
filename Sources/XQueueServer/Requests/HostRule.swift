import HTTPTypes
import XQueue
import XQueueCore

/// Which hosts a request may name.
///
/// Without tokens, a server that only this machine can reach trusts whoever can reach it. A page of a foreign site whose
/// name was made to lead here (DNS rebinding) is among them, and gives itself away by the name it calls.
struct HostRule: Sendable {
    /// Names that lead here besides those of the loopback interface; in small letters.
    private let names: Set<String>
    private let isStrict: Bool

    init(_ configuration: ServerConfiguration) {
        names = Set(configuration.hosts.map { $0.lowercased() })
        isStrict = !names.isEmpty || Self.isLoopback(configuration.host.lowercased())
    }

    /// Checks what every request must say, and where nobody `isLocked` out, that it means this server.
    ///
    /// - Throws: ``XQueue/QueueError`` `malformed_http` or `unknown_host`.
    func check(_ head: HTTPRequest, isLocked: Bool) throws(QueueError) {
        // NIO takes the first one out of the fields.
        guard let authority = head.authority else {
            throw QueueError(.malformedHTTP, "the request names no Host")
        }
        guard head.furtherHosts.isEmpty else {
            throw QueueError(.malformedHTTP, "the request names more than one Host")
        }
        guard isStrict, !isLocked, !isOurs(authority) else { return }
        let quoted = authority.truncated(toBytes: ErrorReply.quotedBytes)
        throw QueueError(
            .unknownHost,
            "the Host '\(quoted)' is not this server: call it localhost, 127.0.0.1 or [::1], or name it in server.hosts"
        )
    }

    private func isOurs(_ authority: String) -> Bool {
        let host = Self.withoutPort(authority.lowercased())
        // Only a client of HTTP/1.0 names none.
        return host.isEmpty || Self.isLoopback(host) || names.contains(host)
    }

    private static func withoutPort(_ authority: String) -> String {
        let end = authority.lastIndex(of: ":") ?? authority.endIndex
        // The colons of an address in brackets are its own.
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

    /// Hosts that the request names besides its authority.
    var furtherHosts: [String] {
        headerFields.compactMap { $0.name == Self.host ? $0.value : nil }
    }

    /// The request with `host` as the only one it names.
    func naming(_ host: String) -> HTTPRequest {
        var request = self
        request.authority = host
        if let name = Self.host { request.headerFields[name] = nil }
        return request
    }

    /// - Throws: ``XQueue/QueueError`` `unsupported_media_type` if the body is packed: nothing here unpacks.
    func checkEncoding() throws(QueueError) {
        for field in headerFields where field.name == .contentEncoding {
            guard field.value.lowercased() != "identity", !field.value.isEmpty else { continue }
            guard headerFields[.contentLength] != "0" else { continue }
            let encoding = field.value.truncated(toBytes: ErrorReply.quotedBytes)
            throw QueueError(
                .unsupportedMediaType,
                "a body with Content-Encoding \(encoding) is not understood: send it as it is")
        }
    }
}
