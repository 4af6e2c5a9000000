import Testing
import XQueueServer
import XQueueTestServers

@testable import XQueueCLI

@Suite("Access settings")
struct AccessSettingTests {
    private static let token = "xq_0123456789abcdef0123456789abcdef"

    private static func load(
        _ flags: [String] = [], _ environment: [String: String] = [:], file text: String? = nil
    ) async throws -> ResolvedConfiguration {
        let folder = try TemporaryFolder()
        let path = try text.map { try folder.write("xqueue.yaml", $0) }
        defer { withExtendedLifetime(folder) {} }
        return try await ConfigurationLoader(
            flags: flags, environment: environment, file: path
        ).load()
    }

    private static func problem(
        _ flags: [String] = [], _ environment: [String: String] = [:], file text: String? = nil
    ) async -> ConfigurationError? {
        do {
            _ = try await load(flags, environment, file: text)
            return nil
        } catch {
            return error as? ConfigurationError
        }
    }

    @Test("Listening beyond loopback requires tokens or --insecure") func openDoor() async throws {
        for host in ["0.0.0.0", "::", "queue.example.com", "192.168.1.2", "127.0.0.1.example.com"] {
            let problem = await Self.problem(["--server-host", host])
            #expect(problem?.kind == .usage)
            #expect(problem?.description.contains("--insecure") == true, "\(host)")
        }
        for host in ["localhost", "127.0.0.1", "127.8.8.8", "::1"] {
            #expect(await Self.problem(["--server-host", host]) == nil)
        }
        let variable = await Self.problem([], ["XQUEUE_SERVER_HOST": "0.0.0.0"])
        #expect(variable?.kind == .configuration)
        #expect(await Self.problem(["--server-host", "0.0.0.0", "--insecure"]) == nil)
        #expect(await Self.problem(["--server-host", "0.0.0.0", "--no-http"]) == nil)
        #expect(await Self.problem(["--server-host", "0.0.0.0"], ["XQUEUE_AUTH_TOKEN": Self.token]) == nil)
    }

    @Test("The file's tokens are read") func list() async throws {
        let resolved = try await Self.load(
            file: """
                auth:
                  rate_limit: 5
                  tokens:
                    ci: { sha256: '\(TokenHash(of: Self.token).hex)', scopes: [submit, read] }
                    resizer: { sha256: '\(TokenHash(of: "other").hex)', scopes: [work], types: [thumbnail] }
                    shop:
                      sha256: '\(TokenHash(of: "shop").hex)'
                      scopes: [submit]
                      key_namespace: shop
                      max_types: 5
                      max_backlog: 1000
                      max_streams: 2
                      max_workers: 3
                      max_sessions: 4
                """)
        let access = try await resolved.values.auth.access()
        #expect(access.tokens.map(\.name) == ["ci", "resizer", "shop"])
        #expect(access.tokens[2].keyNamespace == "shop")
        #expect(
            access.tokens[2].quota == TokenQuota(types: 5, backlog: 1000, streams: 2, workers: 3, sessions: 4)
        )
        #expect(access.tokens[0].quota == TokenQuota())
        #expect(access.tokens[0].hash == TokenHash(of: Self.token))
        #expect(access.tokens[0].scopes == [.submit, .read])
        #expect(access.tokens[1].types == ["thumbnail"])
        #expect(access.rateLimit == 5)
        let listing = ConfigurationListing.values(of: resolved)
        #expect(listing.contains("auth.tokens.resizer"))
        #expect(
            listing.contains(
                "submit; keys of shop; at most 5 types; at most 1000 pending tasks; at most 2 streams"))
        #expect(!listing.contains(TokenHash(of: Self.token).hex))
    }

    @Test(
        "Mistakes in a token's entry are reported without repeating the token",
        arguments: [
            ("a: { sha256: secret-itself, scopes: [read] }", "sha256"),
            ("a: { scopes: [read] }", "sha256"),
            ("a: { sha256: HASH }", "scopes"),
            ("a: { sha256: HASH, scopes: [write] }", "unknown scope 'write'"),
            ("a: { sha256: HASH, scopes: [] }", "scopes"),
            ("a: { sha256: HASH, scopes: [read], types: [] }", "types"),
            ("'': { sha256: HASH, scopes: [read] }", "name"),
            ("a: { sha265: HASH, scopes: [read] }", "did you mean 'sha256'"),
            ("a: { sha256: HASH, scopes: [read], max_types: 0 }", "'max_types' must be between 1"),
            ("a: { sha256: HASH, scopes: [read], max_streams: some }", "'max_streams'"),
            ("a: { sha256: HASH, scopes: [read], max_tpyes: 3 }", "did you mean 'max_types'"),
            ("a: { sha256: HASH, scopes: [read], key_namespace: 'a/b' }", "'key_namespace'"),
            ("a: { sha256: HASH, scopes: [read], key_namespace: '' }", "'key_namespace'"),
        ])
    func mistakes(entry: String, words: String) async {
        let entry = entry.replacing("HASH", with: "'\(TokenHash(of: "x").hex)'")
        let problem = await Self.problem(file: "auth:\n  tokens:\n    \(entry)\n")
        #expect(problem?.description.contains(words) == true, "\(String(describing: problem))")
        #expect(problem?.description.contains("secret-itself") != true)
        #expect(problem?.description.contains("xqueue.yaml:3") == true)
    }

    @Test("A short token is rejected, and no secret is shown") func secrets() async throws {
        let short = try await Self.load([], ["XQUEUE_AUTH_TOKEN": "hunter2"])
        do {
            _ = try await short.values.auth.access()
            Issue.record("a token of seven characters was accepted")
        } catch {
            #expect(error.description.contains("16"))
            #expect(!error.description.contains("hunter2"))
        }
        let secret = "s3cr3t-that-must-not-be-seen-anywhere"
        let resolved = try await Self.load(
            [],
            [
                "XQUEUE_AUTH_TOKEN": secret, "XQUEUE_AUTH_JWT_SECRET": secret,
                "XQUEUE_REDIS_PASSWORD": secret,
                "XQUEUE_REDIS_SENTINEL_PASSWORD": secret, "XQUEUE_MQTT_PASSWORD": secret,
                "XQUEUE_KAFKA_SECURITY_PASSWORD": secret,
                "XQUEUE_KAFKA_PROPERTIES": "sasl.password=\(secret)",
                "XQUEUE_REDIS_ADDR": "redis://user:\(secret)@localhost:6379",
            ])
        #expect(!ConfigurationListing.values(of: resolved).contains(secret))
    }

    @Test("A certificate without its key is rejected") func halfCertificate() async {
        #expect(
            await Self.problem(["--server-tls-cert-file", "a.pem"])?.description.contains("key_file") == true)
    }

    @Test("The output of 'token new' is a valid entry") func newToken() async throws {
        let line = NewTokenCommand.line(
            name: "it's", token: Self.token, scopes: ["work"], types: ["a-b", "c"])
        let resolved = try await Self.load(file: "auth:\n  tokens:\n    \(line)\n")
        let token = try #require(resolved.values.auth.tokens.first)
        #expect(token.name == "it's")
        #expect(token.hash == TokenHash(of: Self.token))
        #expect(token.types == ["a-b", "c"])
    }
}
