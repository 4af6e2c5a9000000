import Foundation
import HTTPTypes
import JWTKit
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("JSON Web Tokens")
struct JWTTests {
    private static let secret = "a secret of more than thirty-two bytes, for tests"

    private struct Claims: JWTPayload {
        var sub: String? = "alice"
        var iss: String? = "https://login.example.com"
        var aud: [String]? = ["xqueue", "other"]
        var exp: Int? = Int(Date().timeIntervalSince1970) + 600
        var nbf: Int?
        var scope: String? = "openid read submit"
        var types: [String]?

        func verify(using algorithm: some JWTAlgorithm) {}
    }

    private static var rules: JWTRules {
        var rules = JWTRules()
        rules.secret = secret
        rules.issuer = "https://login.example.com"
        rules.audience = "xqueue"
        return rules
    }

    private static func sign(
        _ key: String = secret, _ change: (inout Claims) -> Void = { _ in }
    ) async throws -> String {
        var claims = Claims()
        change(&claims)
        return try await JWTKeyCollection().add(hmac: HMACKey(from: key), digestAlgorithm: .sha256).sign(
            claims)
    }

    private static func access(_ rules: JWTRules = rules, clock: any QueueClock = SystemQueueClock())
        -> AccessControl
    {
        var configuration = AccessConfiguration()
        configuration.jwt = rules
        return AccessControl(configuration, clock: clock)
    }

    private static func isRejected(_ token: String, by access: AccessControl = access()) async -> Bool {
        do throws(AccessRejection) {
            _ = try await access.bearer(token)
            return false
        } catch {
            return error.error.code == .unauthorized
        }
    }

    @Test("A valid one identifies its bearer and their scopes") func good() async throws {
        let caller = try await Self.access().bearer(try await Self.sign { $0.types = ["a"] })
        #expect(caller.name == "alice")
        #expect(caller.scopes == [.read, .submit])
        #expect(caller.types == ["a"])
        #expect(try await Self.access().bearer(try await Self.sign()).types == nil)
    }

    @Test("An invalid one is rejected") func wrong() async throws {
        let now = Int(Date().timeIntervalSince1970)
        #expect(await Self.isRejected(try await Self.sign("another secret of more than thirty-two bytes")))
        #expect(await Self.isRejected(try await Self.sign { $0.exp = now - 1 }))
        #expect(await Self.isRejected(try await Self.sign { $0.exp = nil }))
        #expect(await Self.isRejected(try await Self.sign { $0.nbf = now + 600 }))
        #expect(await Self.isRejected(try await Self.sign { $0.iss = "https://evil.example" }))
        #expect(await Self.isRejected(try await Self.sign { $0.iss = nil }))
        #expect(await Self.isRejected(try await Self.sign { $0.aud = ["other"] }))
        #expect(await Self.isRejected(try await Self.sign { $0.aud = [] }))
        #expect(await Self.isRejected(try await Self.sign { $0.aud = nil }))
        let token = try await Self.sign()
        #expect(await Self.isRejected(token + "x"))
        #expect(await Self.isRejected("a.b.c"))
        #expect(await Self.isRejected(".."))
        let unsigned = Data(#"{"alg":"none"}"#.utf8).base64EncodedString().filter { $0 != "=" }
        #expect(await Self.isRejected("\(unsigned).\(token.split(separator: ".")[1])."))
    }

    /// Claims with either form of audience.
    private struct AudienceClaims: JWTPayload {
        enum Audience: Codable, Sendable {
            case text(String)
            case list([String])
            case number(Int)

            init(from decoder: any Decoder) throws {
                self = .text(try decoder.singleValueContainer().decode(String.self))
            }

            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                switch self {
                case .text(let text): try container.encode(text)
                case .list(let texts): try container.encode(texts)
                case .number(let number): try container.encode(number)
                }
            }
        }

        var iss = "https://login.example.com"
        var exp = Int(Date().timeIntervalSince1970) + 600
        var scope = "read"
        let aud: Audience

        func verify(using algorithm: some JWTAlgorithm) {}
    }

    private static func sign(
        _ payload: some JWTPayload, header: JWTHeader = JWTHeader()
    ) async throws -> String {
        try await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
            .sign(payload, header: header)
    }

    @Test("An audience is a string, spaces included, or an array") func audience() async throws {
        func token(_ audience: AudienceClaims.Audience) async throws -> String {
            try await Self.sign(AudienceClaims(aud: audience))
        }
        for good in [AudienceClaims.Audience.text("xqueue"), .list(["other", "xqueue"])] {
            #expect(try await Self.access().bearer(try await token(good)).scopes == .read)
        }
        // A single audience as in RFC 7519, not its words.
        for wrong in [
            AudienceClaims.Audience.text("xqueue other"), .text("other xqueue"), .list(["xqueue other"]),
            .number(5),
        ] {
            #expect(await Self.isRejected(try await token(wrong)), "\(wrong)")
        }
        var rules = Self.rules
        rules.audience = "xqueue other"
        let spaced = try await token(.text("xqueue other"))
        #expect(try await Self.access(rules).bearer(spaced).scopes == .read)
    }

    @Test("One with critical extensions is rejected", arguments: [["exp"], ["b64"], []])
    func critical(names: [String]) async throws {
        var header = JWTHeader()
        header.crit = names
        let token = try await Self.sign(AudienceClaims(aud: .text("xqueue")), header: header)
        #expect(await Self.isRejected(token))
    }

    @Test("Unusable keys of a set are skipped and reported") func unusableKeys() async throws {
        let key = ES256PrivateKey()
        let point = try #require(key.publicKey.parameters)
        let good =
            #"{"kty":"EC","crv":"P-256","alg":"ES256","kid":"good","x":"\#(point.x)","y":"\#(point.y)"}"#
        let bad = [
            #"{"kty":"quantum","kid":"new kind","n":"AQAB"}"#,
            #"{"kty":"EC","crv":"P-256","alg":"ES256","x":"AA","y":"AA"}"#,
            "5", #"{"kid":"nothing"}"#,
        ]
        var rules = JWTRules()
        rules.keySet = #"{"keys":[\#((bad + [good]).joined(separator: ","))]}"#
        #expect(await rules.problem() == nil)
        let unusable = await rules.unusableKeys()
        #expect(unusable.count == bad.count, "\(unusable)")
        #expect(unusable.first?.hasPrefix("key 'new kind': ") == true)
        let kid = JWKIdentifier(string: "good")
        let token = try await JWTKeyCollection().add(ecdsa: key, kid: kid).sign(Claims(), kid: kid)
        #expect(try await Self.access(rules).bearer(token).name == "alice")
        for text in [
            #"{"keys":[\#(bad.joined(separator: ","))]}"#, #"{"keys":[]}"#, #"{"keys":5}"#, "[]", "x",
        ] {
            rules.keySet = text
            #expect(await rules.problem() != nil, "\(text)")
        }
    }

    @Test("A public key verifies its own algorithm, and is no secret") func publicKey() async throws {
        let key = ES256PrivateKey()
        var rules = JWTRules()
        rules.publicKey = key.publicKey.pemRepresentation
        #expect(await rules.problem() == nil)
        let access = Self.access(rules)
        let token = try await JWTKeyCollection().add(ecdsa: key).sign(Claims())
        #expect(try await access.bearer(token).name == "alice")
        let other = try await JWTKeyCollection().add(ecdsa: ES256PrivateKey()).sign(Claims())
        #expect(await Self.isRejected(other, by: access))
        // Nobody may sign with the public key, which is no secret.
        let forged = try await Self.sign(key.publicKey.pemRepresentation)
        #expect(await Self.isRejected(forged, by: access))
    }

    @Test("A token is verified with the key it names") func keySet() async throws {
        let keys = ["old": ES256PrivateKey(), "new": ES256PrivateKey()]
        let members = try keys.map { name, key in
            let point = try #require(key.publicKey.parameters)
            return """
                {"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"\(name)","x":"\(point.x)","y":"\(point.y)"}
                """
        }
        var rules = JWTRules()
        rules.keySet = #"{"keys":[\#(members.joined(separator: ","))]}"#
        #expect(await rules.problem() == nil)
        let access = Self.access(rules)
        for (name, key) in keys {
            let kid = JWKIdentifier(string: name)
            let signer = await JWTKeyCollection().add(ecdsa: key, kid: kid)
            #expect(try await access.bearer(try await signer.sign(Claims(), kid: kid)).name == "alice")
            // Signed with one key, but naming the other.
            let other = JWKIdentifier(string: name == "old" ? "new" : "old")
            let liar = await JWTKeyCollection().add(ecdsa: key, kid: other)
            #expect(await Self.isRejected(try await liar.sign(Claims(), kid: other), by: access))
            let stranger = await JWTKeyCollection().add(ecdsa: ES256PrivateKey(), kid: kid)
            #expect(await Self.isRejected(try await stranger.sign(Claims(), kid: kid), by: access))
        }
    }

    @Test("Unusable keys are reported") func badKeys() async {
        var rules = JWTRules()
        #expect(await rules.problem() != nil)
        rules.secret = "short"
        #expect(await rules.problem()?.contains("32") == true)
        rules.secret = nil
        rules.publicKey = "no key"
        #expect(await rules.problem() != nil)
        rules.publicKey = nil
        rules.keySet = "{}"
        #expect(await rules.problem() != nil)
    }

    @Test("A valid one ends when it expires or the rules change") func ends() async throws {
        let clock = ManualClock(SystemQueueClock().now())
        let access = Self.access(clock: clock)
        let token = try await Self.sign()
        let caller = try await access.bearer(token)
        let head = HTTPRequest(
            method: .get, scheme: "http", authority: "localhost", path: "/",
            headerFields: [.authorization: "Bearer \(token)"])
        // Cached now: no signature check needed.
        #expect(try access.admitAtOnce(head, to: .read) == caller)
        #expect(access.stillHolds(caller, head))
        clock.advance(by: .seconds(700))
        #expect(await Self.isRejected(token, by: access))
        #expect(!access.stillHolds(caller, head))

        let again = Self.access()
        let known = try await again.bearer(token)
        var rules = Self.rules
        rules.secret = "the next secret, which has more than thirty-two bytes, too"
        var configuration = AccessConfiguration()
        configuration.jwt = rules
        again.replace(configuration)
        #expect(await Self.isRejected(token, by: again))
        #expect(!again.stillHolds(known, head))
    }

    @Test("Requests and streams are admitted by one", arguments: EventClient.Transport.allCases)
    func live(transport: EventClient.Transport) async throws {
        var configuration = ServerConfiguration()
        configuration.access.jwt = Self.rules
        let token = try await Self.sign()
        try await LiveServer.run(configuration: configuration) { server in
            let client = try await server.follow(transport, headers: ["Authorization: Bearer \(token)"])
            try await client.hello()
            let ids = try await server.submit()
            #expect(await client.next()?.string("task_id") == ids[0].description)
            let wrong = try await server.follow(transport, headers: ["Authorization: Bearer \(token)x"])
            #expect(await wrong.status() == 401)
        }
    }
}
