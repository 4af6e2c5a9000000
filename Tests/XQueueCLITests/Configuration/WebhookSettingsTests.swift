import Testing
import XQueueHandlers
import XQueueTestServers

@testable import XQueueCLI

@Suite struct WebhookSettingsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func load(
        _ text: String, environment: [String: String] = [:]
    ) async throws -> ResolvedConfiguration {
        let path = try folder.write("xqueue.yaml", text)
        return try await ConfigurationLoader(flags: [], environment: environment, file: path).load()
    }

    private func mistake(_ text: String, environment: [String: String] = [:]) async -> String? {
        do {
            _ = try await load(text, environment: environment)
            return nil
        } catch {
            return (error as? ConfigurationError)?.description
        }
    }

    @Test func aWebhookIsReadAndItsSecretsAreNotShown() async throws {
        _ = try folder.write("key", "fedcba9876543210\n")
        let resolved = try await load(
            """
            webhooks: { allowed_hosts: "mailer.example, *.internal.example" }
            handlers:
              mail:
                webhook: "https://mailer.example/tasks?token=s3cret"
                secret_env: MAIL_KEY
                headers: { Authorization: "Bearer s3cret" }
                timeout: 30s
                max_response: 2MiB
                max_concurrency: 3
              push: { webhook: "http://push.internal.example:8000/", secret_file: key }
            """, environment: ["MAIL_KEY": "0123456789abcdef"])
        let mail = try #require(resolved.values.handlers.first { $0.type == "mail" })
        #expect(mail.program == nil)
        #expect(mail.maxConcurrency == 3)
        #expect(mail.webhook?.secret?.bytes == Array("0123456789abcdef".utf8))
        #expect(mail.webhook?.timeout == .seconds(30))
        #expect(mail.webhook?.maxResponse == 2 << 20)
        let push = try #require(resolved.values.handlers.first { $0.type == "push" })
        #expect(push.webhook?.secret?.bytes == Array("fedcba9876543210".utf8))
        let listing = ConfigurationListing.values(of: resolved)
        #expect(listing.contains("https://mailer.example/tasks?(set)"))
        for secret in ["s3cret", "0123456789abcdef", "fedcba9876543210"] {
            #expect(!listing.contains(secret))
            #expect(!"\(resolved)".contains("\"\(secret)\""))
        }
        // Nor its bytes, the first of which is 48.
        let reflection = String(reflecting: mail.webhook?.secret)
        #expect(!reflection.contains("48"))
    }

    @Test(arguments: [
        (#"webhook: "ftp://x/""#, "'webhook' must be a URL like"),
        (#"webhook: "https://u:p@x/""#, "without user name and password"),
        (#"webhook: "https://""#, "'webhook' must be a URL like"),
        (#"webhook: "http://x/", exec: ["a"]"#, "'exec' cannot be combined with 'webhook'"),
        (#"webhook: "http://x/", timout: 3s"#, "unknown key 'timout', did you mean 'timeout'?"),
        (#"webhook: "http://x/", timeout: soon"#, "'timeout' must be a duration"),
        (#"webhook: "http://x/", max_response: 1"#, "'max_response' must be a size"),
        (#"webhook: "http://x/", secret_env: NOT_THERE"#, "NOT_THERE is not set in the environment"),
        (#"webhook: "http://x/", secret_env: SHORT"#, "must be at least 16 bytes long"),
        (#"webhook: "http://x/", secret_file: nowhere"#, "cannot read 'nowhere'"),
        (#"webhook: "http://x/", headers: [a]"#, "'headers' must be a section"),
        (#"webhook: "http://x/", headers: { "a b": c }"#, "'headers' must hold names and single-line values"),
        (#"webhook: "http://x/", headers: { Host: y }"#, "'Host' is set by xqueue itself"),
        (#"webhook: "http://x/", headers: { X-XQueue-Signature: y }"#, "is set by xqueue itself"),
        (#"webhook: "http://x/", header_files: { A: nowhere }"#, "'header_files': 'nowhere' cannot be read"),
        (#"webhook: "http://x/", header_files: { Host: nowhere }"#, "'nowhere' cannot be read"),
    ])
    func mistakesAreReported(members: String, message: String) async {
        let text = await mistake("handlers:\n  mail: { \(members) }\n", environment: ["SHORT": "abc"])
        #expect(text?.contains(message) == true, "\(text ?? "nothing is wrong")")
        #expect(text?.contains("abc") != true)
    }

    @Test func headersMayComeFromFiles() async throws {
        try folder.write("mailer", "Bearer hunter2\n")
        let resolved = try await load(
            """
            handlers:
              mail:
                webhook: "https://mailer.example/"
                headers: { X-Plain: a }
                header_files: { Authorization: mailer }
            """)
        let webhook = try #require(resolved.values.handlers.first?.webhook)
        #expect(webhook.headers == ["X-Plain": "a", "Authorization": "Bearer hunter2"])
        #expect(!ConfigurationListing.values(of: resolved).contains("hunter2"))
        let both = await mistake(
            """
            handlers:
              mail: { webhook: "https://x/", headers: { authorization: a }, header_files: { Authorization: mailer } }
            """)
        #expect(both?.contains("duplicate header 'Authorization'") == true, "\(both ?? "")")
    }

    @Test func hostsThatAreNotAllowedAreRejected() async {
        let hosts = #"webhooks: { allowed_hosts: "good.example,*.in.example" }"#
        for (url, isAllowed) in [
            ("https://good.example/x", true), ("https://GOOD.example:444/", true),
            ("http://a.in.example/", true),
            ("http://in.example/", false), ("http://good.example.evil/", false),
            ("http://evilgood.example/", false),
        ] {
            let text = await mistake("\(hosts)\nhandlers:\n  mail: { webhook: \"\(url)\" }\n")
            #expect((text == nil) == isAllowed, "\(url): \(text ?? "allowed")")
        }
        #expect(
            await mistake(#"webhooks: { allowed_hosts: "a/b" }"#)?.contains("webhooks.allowed_hosts") == true)
    }
}
