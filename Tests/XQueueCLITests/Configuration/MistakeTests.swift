import Testing
import XQueueTestServers

@testable import XQueueCLI

/// Messages name the key, the value, its source, and the legal values.
@Suite struct MistakeTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func mistake(
        flags: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) async -> ConfigurationError? {
        do {
            let path = try file.map { try folder.write("xqueue.yaml", $0) }
            _ = try await ConfigurationLoader(flags: flags, environment: environment, file: path).load()
            return nil
        } catch {
            return error as? ConfigurationError
        }
    }

    @Test(arguments: [
        (["--server-prot", "1"], "unknown flag '--server-prot', did you mean '--server-port'?"),
        (["--nonsense"], "unknown flag '--nonsense'"),
        (["--server-port"], "flag '--server-port' needs a value"),
        (["--server-port", "--server-host", "x"], "flag '--server-port' needs a value"),
        (["--server-port", "1", "--server-port=2"], "flag '--server-port' is given twice"),
        (["8080"], "unexpected argument '8080'"),
        (["-p", "8080"], "unexpected argument '-p'\nunexpected argument '8080'"),
        (
            ["--server-port", "abc"],
            "server.port: 'abc' (flag --server-port) must be a port between 0 (any free port) and 65535"
        ),
        (
            ["--server-port", "70000"],
            "server.port: '70000' (flag --server-port) must be a port between 0 (any free port) and 65535"
        ),
        (
            ["--server-port", "1,2"],
            "server.port: '1,2' (flag --server-port) must be a port between 0 (any free port) and 65535"
        ),
        (["--server-mode=loud"], "server.mode: 'loud' (flag --server-mode) must be debug or release"),
        (["--store-path="], "store.path: '' (flag --store-path) must be non-empty text"),
        (
            ["--example-enabled", "maybe"],
            "example.enabled: 'maybe' (flag --example-enabled) must be true or false"
        ),
    ])
    func onTheCommandLine(flags: [String], message: String) async {
        let error = await mistake(flags: flags)
        #expect(error?.description == message)
        #expect(error?.kind == .usage)
    }

    @Test(arguments: [
        ("QUEUE_DEFAULT_RETRY", "many", "must be between 0 and 1000"),
        ("QUEUE_DEFAULT_RETRY", "1001", "must be between 0 and 1000"),
        ("QUEUE_GRACE_PERIOD", "soon", "must be a duration like 500ms, 30s, 1h30m or 7d, from 0s to 1h"),
        ("QUEUE_GRACE_PERIOD", "-1s", "must be a duration like 500ms, 30s, 1h30m or 7d, from 0s to 1h"),
        ("QUEUE_MAX_PAYLOAD", "big", "must be a size like 512KiB or 1MiB, from 2B to 1GiB"),
        ("EXAMPLE_MAX_CONCURRENCY", "-1", "must be between 1 and 1000000, or 0 for no limit"),
        ("SERVER_HOST", "", "must be non-empty text"),
    ])
    func inTheEnvironment(name: String, value: String, legal: String) async throws {
        let error = await mistake(environment: ["XQUEUE_" + name: value])
        let setting = try #require(SettingsTable.all.first { $0.variable == "XQUEUE_" + name })
        #expect(error?.description == "\(setting.key): '\(value)' (environment XQUEUE_\(name)) \(legal)")
        #expect(error?.kind == .configuration)
    }

    @Test(arguments: [
        ("server:\n  prot: 1", ":2: unknown key 'server.prot', did you mean 'server.port'?"),
        ("sever:\n  port: 1", ":1: unknown key 'sever', did you mean 'server'?"),
        ("server:\n  port:", ":2: 'server.port' has no value"),
        ("server:\n  port: [1, 2]", ":2: 'server.port' must be a single value"),
        ("server: 8080", ":1: 'server' must be a section of settings, like 'key: value'"),
        ("- server", ":1: the file must consist of sections such as 'server:'"),
        ("just words", ":1: the file must consist of sections such as 'server:'"),
        ("server:\n  port: 1\n  port: 2", ": duplicate key 'port'"),
        ("server: {", ": the file is not YAML"),
        ("server:\n\tport: 1", ": the file is not YAML"),
    ])
    func inTheFile(text: String, ending: String) async {
        let error = await mistake(file: text)
        let description = error?.description ?? "no error"
        // Lines of errors found by the YAML parser are up to the parser.
        let expected = ending.hasPrefix(": ") ? String(ending.dropFirst(2)) : ending
        #expect(description.hasPrefix(folder.path + "/xqueue.yaml:"))
        #expect(description.contains(expected), "\(description)")
        #expect(error?.kind == .configuration)
    }

    @Test func aValueInTheFileIsNamedWithItsLine() async {
        let error = await mistake(file: "queue:\n  default_retry: 3\n  grace_period: later\n")
        #expect(
            error?.description
                == "queue.grace_period: 'later' (file \(folder.path)/xqueue.yaml:3) must be a duration like 500ms, "
                + "30s, 1h30m or 7d, from 0s to 1h")
    }

    @Test(arguments: [
        ("handlers: 5", ":1: 'handlers' must be a section of task types"),
        (
            "handlers:\n  a: {}",
            ":2: handlers.a: 'exec' or 'webhook' is required: the program or service that runs the tasks"
        ),
        (
            "handlers:\n  a: ./run.sh",
            ":2: handlers.a: must be a section with 'exec: [program, argument …]' or 'webhook: https://…'"
        ),
        (
            "handlers:\n  a: { exec: ./run.sh }",
            ":2: handlers.a: 'exec' must be a list, like [\"./run.sh\", \"--fast\"]"
        ),
        ("handlers:\n  a: { exec: [] }", ":2: handlers.a: 'exec' must be a list"),
        ("handlers:\n  a: { exec: [[x]] }", ":2: handlers.a: 'exec' must be a list"),
        (
            "handlers:\n  a:\n    exec: [x]\n    max_concurency: 4",
            ":4: handlers.a: unknown key 'max_concurency', did you mean 'max_concurrency'?"
        ),
        (
            "handlers:\n  a: { exec: [x], max_concurrency: 0 }",
            ":2: handlers.a: 'max_concurrency' must be between 1 and 1000000"
        ),
        ("handlers:\n  a: { exec: [x], max_output: lots }", ":2: handlers.a: 'max_output' must be a size"),
        (
            "handlers:\n  a: { exec: [x], env: [A] }",
            ":2: handlers.a: 'env' must be a section of names and values"
        ),
        (
            "handlers:\n  a: { exec: [x], env: { A: [1] } }",
            ":2: handlers.a: 'env' must hold names and single values"
        ),
        (
            "handlers:\n  a: { exec: [x], working_directory: }",
            ":2: handlers.a: 'working_directory' must be a path"
        ),
        ("handlers:\n  \"a b\": { exec: [x] }", ":2: handlers.a b: must be 1 to 128 letters"),
        ("handlers:\n  example: { exec: [x] }", ":2: handlers.example: the task type 'example' is built in"),
    ])
    func inAHandler(text: String, problem: String) async {
        let error = await mistake(file: text)
        let description = error?.description ?? "no error"
        #expect(description.hasPrefix(folder.path + "/xqueue.yaml" + problem), "\(description)")
    }

    @Test func allProblemsAreReportedTogether() async {
        let error = await mistake(file: "server:\n  a: 1\n  b: 2\nqueue:\n  c: 3\n")
        #expect(error?.problems.count == 3)
    }

    @Test func aRequestedFileMustExist() async {
        do {
            _ = try await ConfigurationLoader(flags: [], environment: [:], file: folder.path + "/none.yaml")
                .load()
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description == "\(folder.path)/none.yaml: no such file")
        }
    }

    @Test func anUnknownVariableIsAWarning() async throws {
        let environment = [
            "XQUEUE_SERVER_PROT": "1", "XQUEUE_TASK_ID": "x", "XQUEUE_CONFIG": "x", "OTHER": "1",
        ]
        let resolved = try await ConfigurationLoader(flags: [], environment: environment).load()
        #expect(
            resolved.warnings == [
                "unknown environment variable 'XQUEUE_SERVER_PROT', did you mean 'XQUEUE_SERVER_PORT'?"
            ])
    }
}
