import Testing
import XQueue
import XQueueCore
import XQueueHandlers
import XQueueServer
import XQueueTestServers

@testable import XQueueCLI

/// Flags over environment over file over defaults.
@Suite struct PrecedenceTests {
    private let folder: TemporaryFolder
    private let file: String

    init() throws {
        folder = try TemporaryFolder()
        file = try folder.write(
            "xqueue.yaml",
            """
            # A comment.
            server:
              port: 1111
              host: "::1"
            queue:
              default_timeout: 90s
            """)
    }

    private func load(
        _ flags: [String] = [], _ environment: [String: String] = [:]
    ) async throws -> ResolvedConfiguration {
        try await ConfigurationLoader(flags: flags, environment: environment, file: file).load()
    }

    @Test func theDefaultAppliesWithoutOtherSources() async throws {
        let resolved = try await load()
        #expect(resolved.values.queue.defaults.maxRetry == 3)
        #expect(resolved.sources["queue.default_retry"] == .default)
    }

    @Test func theFileOverridesTheDefault() async throws {
        let resolved = try await load()
        #expect(resolved.values.server.port == 1111)
        #expect(resolved.values.server.host == "::1")
        #expect(resolved.values.queue.defaults.timeout == .seconds(90))
        #expect(resolved.sources["server.port"] == .file(FilePlace(path: file, line: 3)))
        #expect(resolved.sources["queue.default_timeout"] == .file(FilePlace(path: file, line: 6)))
    }

    @Test func theEnvironmentOverridesTheFile() async throws {
        let resolved = try await load([], ["XQUEUE_SERVER_PORT": "2222", "SERVER_PORT": "5555"])
        #expect(resolved.values.server.port == 2222)
        #expect(resolved.sources["server.port"] == .environment("XQUEUE_SERVER_PORT"))
    }

    @Test(arguments: [["--server-port", "3333"], ["--server-port=3333"]])
    func aFlagOverridesTheEnvironment(flags: [String]) async throws {
        let resolved = try await load(flags, ["XQUEUE_SERVER_PORT": "2222"])
        #expect(resolved.values.server.port == 3333)
        #expect(resolved.sources["server.port"] == .flag("--server-port"))
    }

    @Test func everySettingCanBeSetByFlagEnvironmentAndFile() async throws {
        let secret = try folder.write("secret", "a secret\n")
        let secrets = SettingsTable.all.filter(\.isSecret).map { $0.key + Setting.fileSuffix }
        for setting in SettingsTable.all {
            let fresh = setting.read(ServeConfiguration())
            let (text, shown) =
                secrets.contains(setting.key) ? (secret, secret) : Self.otherValue(of: setting)
            #expect(shown != fresh, "\(setting.key)")

            // A certificate requires its key.
            let others = setting.key.hasPrefix("server.tls.") ? ["--server-enabled", "false"] : []
            let byFlag = try await ConfigurationLoader(
                flags: [setting.flag, text] + others, environment: [:]
            ).load()
            #expect(setting.read(byFlag.values) == shown, "\(setting.flag)")

            let byVariable = try await ConfigurationLoader(
                flags: others, environment: [setting.variable: text]
            ).load()
            #expect(setting.read(byVariable.values) == shown, "\(setting.variable)")
            #expect(byVariable.warnings.isEmpty)

            let lines = setting.components.enumerated().map { depth, name in
                String(repeating: "  ", count: depth) + name + ":"
            }
            let file = try folder.write("one.yaml", lines.joined(separator: "\n") + " \(text)\n")
            let byFile = try await ConfigurationLoader(flags: others, environment: [:], file: file).load()
            #expect(setting.read(byFile.values) == shown, "\(setting.key)")
        }
    }

    /// Returns a legal value other than the default, and how the setting shows it: unchanged, unless it is a secret.
    private static func otherValue(of setting: Setting) -> (text: String, shown: String) {
        let candidates = [
            "localhost", "31s", "17", "2", "5", "7KiB", "3MiB", "32MiB", "debug", "true", "false",
            "else,where", "sasl_ssl",
            "SCRAM-SHA-256", "https://a.example", "json", "2h",
        ]
        for candidate in candidates {
            var values = ServeConfiguration()
            let before = setting.read(values)
            guard setting.write(candidate, &values), setting.read(values) != before else { continue }
            if [candidate, "(set)"].contains(setting.read(values)) {
                return (candidate, setting.read(values))
            }
        }
        let fresh = setting.read(ServeConfiguration())
        return (fresh, fresh)
    }

    @Test func aFileWithNothingButCommentsIsFine() async throws {
        for text in ["", "# nothing\n", "---\n", "server:\n# port: 1\n", "handlers:\n"] {
            let file = try folder.write("empty.yaml", text)
            let resolved = try await ConfigurationLoader(flags: [], environment: [:], file: file).load()
            #expect(resolved.values.server.port == 8080)
        }
    }

    @Test("A value is the text of the file, quoted or not") func valuesAreText() async throws {
        let file = try folder.write(
            "values.yaml",
            """
            store: { path: 'a: b.db' }
            queue:
              max_backlog: &most "1000"
              max_types: *most
              grace_period: 59m30s
            """)
        let resolved = try await ConfigurationLoader(flags: [], environment: [:], file: file).load()
        #expect(resolved.values.storePath == "a: b.db")
        #expect(resolved.values.store.limits.maxBacklog == 1000)
        #expect(resolved.values.store.limits.maxTypes == 1000)
        #expect(resolved.values.queue.gracePeriod == .seconds(3570))
        #expect(resolved.sources["queue.max_backlog"] == .file(FilePlace(path: file, line: 3)))
    }

    @Test func handlersAreRead() async throws {
        let file = try folder.write(
            "handlers.yaml",
            """
            handlers:
              thumbnail: { exec: ["./thumbnail.sh"], max_concurrency: 4 }
              video.encode:
                exec: [ffmpeg, -i, "-"]
                env: { THREADS: 2 }
                working_directory: media
                max_output: 64KiB
            """)
        let resolved = try await ConfigurationLoader(flags: [], environment: [:], file: file).load()
        let thumbnail = ExecProgram("./thumbnail.sh", workingDirectory: folder.path)
        var encode = ExecProgram("ffmpeg", arguments: ["-i", "-"], workingDirectory: folder.path + "/media")
        encode.environment = ["THREADS": "2"]
        encode.maxOutput = 65_536
        #expect(
            resolved.values.handlers == [
                HandlerDefinition(type: "thumbnail", runner: .program(thumbnail), maxConcurrency: 4),
                HandlerDefinition(type: "video.encode", runner: .program(encode)),
            ])
    }

    @Test func theDefaultsOfTheLibraryAreTheDefaultsOfTheProgram() {
        let fresh = ServeConfiguration()
        #expect(fresh.queue.gracePeriod == QueueConfiguration().gracePeriod)
        #expect(fresh.server == ServerConfiguration())
        #expect(fresh.queue.retentionAge == .seconds(7 * 86_400))
    }
}
