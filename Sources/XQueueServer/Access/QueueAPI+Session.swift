import HTTPTypes
import HummingbirdCore
import Logging
import XQueue
import XQueueCore

extension QueueAPI {
    /// `GET /api/v1/session`: the caller's identity and scopes.
    func session(_ request: APIRequest) -> Reply {
        session(of: request.caller, until: access.sessionEnd(request.request.head))
    }

    /// `POST /api/v1/session`: exchanges a token for a cookie, so that the browser need not keep the token.
    func logIn(_ request: APIRequest) async throws -> Reply {
        let body = try await JSONBody.text(
            of: request.request, limit: min(configuration.maxBodyBytes, 16 << 10))
        let token = try TokenReader.token(body)
        guard access.isLocked else { return session(of: .anyone, until: nil) }
        let caller = try await access.logIn(token, from: request.channel)
        let (secret, expiresAt) = try access.openSession(for: caller)
        let age = access.sessionLifetime.wholeMilliseconds / 1000
        logger.info(
            "Console logged in",
            metadata: [
                "token": "\(caller.name ?? "")",
                "client": "\(ClientAddress.text(of: request.channel) ?? "unknown")",
            ])
        return session(of: caller, until: expiresAt)
            .with(.setCookie, cookie("\(secret); Max-Age=\(age)", request))
    }

    /// `DELETE /api/v1/session`
    func logOut(_ request: APIRequest) -> Reply {
        access.closeSession(request.request.head)
        return session(of: access.isLocked ? .anonymous : .anyone, until: nil)
            .with(.setCookie, cookie("; Max-Age=0", request))
    }

    private func session(of caller: Caller, until end: Timestamp?) -> Reply {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("authentication", access.isLocked)
            writer.member("name", caller.name)
            writer.name("scopes")
            writer.array(caller.scopes.names) { $0.value($1) }
            writer.name("types")
            if let types = caller.types {
                writer.array(types.sorted()) { $0.value($1) }
            } else {
                writer.null()
            }
            writer.member("expires_at", end)
        }
        return .json(.ok, writer)
    }

    /// Hidden from scripts, not sent with cross-site requests, and restricted to TLS if the login used TLS.
    private func cookie(_ value: String, _ request: APIRequest) -> String {
        let forwarded = HTTPField.Name("X-Forwarded-Proto").flatMap { request.request.headers[$0] }
        let isSecure = configuration.tls != nil || forwarded?.lowercased() == "https"
        return "\(Credential.cookieName)=\(value); Path=/; HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }
}

/// Reads the body of a login: `{"token":"…"}`.
enum TokenReader {
    static func token(_ text: String) throws(QueueError) -> String {
        let members = try FieldReader.body(text)
        let fields = FieldReader()
        if let other = members.first(where: { $0.name != "token" }) { throw fields.unknown(other) }
        guard let token = members.first?.value.string, !token.isEmpty else {
            throw .invalid("token", "is required and must be a string")
        }
        return token
    }
}
