import Testing
import XQueueTestServers

@testable import XQueueCLI

/// Secrets read from files, and how secrets are displayed.
@Suite struct SecretFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func load(
        _ environment: [String: String], _ flags: [String] = []
    ) async throws -> ResolvedConfiguration {
        try await ConfigurationLoader(flags: flags, environment: environment, file: nil).load()
    }

    @Test(arguments: ["hunter2", "hunter2\n", "hunter2\r\n", "hunter2\n\n"])
    func theFileHoldsTheValue(text: String) async throws {
        let path = try folder.write("secret", text)
        let resolved = try await load(["XQUEUE_REDIS_PASSWORD_FILE": path])
        #expect(resolved.values.redis.password == "hunter2")
        #expect(resolved.sources["redis.password"] == .contents(path))
        let listing = ConfigurationListing.values(of: resolved)
        #expect(!listing.contains("hunter2"))
        #expect(listing.contains(path))
    }

    @Test func everySecretHasAFile() async throws {
        let path = try folder.write("secret", "a secret of many letters")
        let secrets = SettingsTable.all.filter(\.isSecret)
        #expect(secrets.count == 7)
        for setting in secrets {
            let resolved = try await load([setting.variable + "_FILE": path])
            #expect(setting.read(resolved.values) == "(set)", "\(setting.key)")
            #expect(resolved.warnings.isEmpty)
        }
    }

    @Test func mistakesAreNamed() async throws {
        let none = folder.path + "/none"
        let cases: [(path: String, words: String)] = [
            (none, "cannot be read: No such file or directory"),
            (try folder.write("empty", "\n"), "is empty"),
            (try folder.write("lines", "hunter2\nhunter3"), "must be one line of text"),
            (try folder.write("large", String(repeating: "x", count: 70_000)), "is too large for a secret"),
        ]
        for (path, words) in cases {
            let error = await #expect(throws: ConfigurationError.self) {
                try await load(["XQUEUE_MQTT_PASSWORD_FILE": path])
            }
            let description = error?.description ?? ""
            #expect(description.contains("mqtt.password_file: '\(path)'"))
            #expect(description.contains(words), "\(description)")
            #expect(!description.contains("hunter"))
        }
    }

    @Test func aSecretIsNotSetTwice() async throws {
        let path = try folder.write("secret", "hunter2")
        let error = await #expect(throws: ConfigurationError.self) {
            try await load(["XQUEUE_AUTH_TOKEN": "hunter3", "XQUEUE_AUTH_TOKEN_FILE": path])
        }
        #expect(error?.description == "auth.token and auth.token_file cannot both be set")
    }

    @Test(arguments: [
        ("redis://user:hunter2@host:6379/0", "redis://(set)@host:6379/0"),
        ("user:hunter2@host", "(set)@host"),
        ("redis://:hunter2,hunter2@hunter2@host", "redis://(set)@host"),
        ("user://hunter2@host", "user://(set)@host"),
        ("us:er://hunter2@host", "(set)@host"),
        ("one,SASL://u:hunter2@two", "(set)@two"),
        ("localhost:6379", "localhost:6379"), ("rediss://host", "rediss://host"),
    ])
    func passwordsInAddressesAreHidden(text: String, shown: String) {
        #expect(PasswordText.hidden(text) == shown)
    }

    @Test func noMessageRepeatsAPassword() async throws {
        for variable in ["XQUEUE_SERVER_CORS_ORIGINS", "XQUEUE_SERVER_PORT", "XQUEUE_WEBHOOKS_ALLOWED_HOSTS"]
        {
            let error = await #expect(throws: ConfigurationError.self) {
                try await load([variable: "https://user:hunter2@a/"])
            }
            #expect(error?.description.contains("hunter2") == false, "\(error?.description ?? "")")
        }
    }

    @Test func noListingShowsAPassword() async throws {
        let listing = ConfigurationListing.values(
            of: try await load([
                "XQUEUE_REDIS_ADDR": "redis://:hunter2@localhost",
                "XQUEUE_MQTT_BROKER": "tcp://u:hunter2@localhost",
                "XQUEUE_REDIS_SENTINEL_ADDRS": "u:hunter2@localhost,u:hunter2@localhost",
                "XQUEUE_KAFKA_BROKERS": "u:hunter2@localhost",
            ]))
        #expect(!listing.contains("hunter2"))
    }
}
