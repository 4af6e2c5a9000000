import Testing
import XQueue

@testable import XQueueCLI

/// Two settings with shorthand flags determine a node's roles.
@Suite struct RoleTests {
    private func load(
        _ flags: [String], _ environment: [String: String] = [:]
    ) async throws -> ResolvedConfiguration {
        try await ConfigurationLoader(flags: flags, environment: environment).load()
    }

    @Test func aNodeHasBothRolesByDefault() async throws {
        let values = try await load([]).values
        #expect(values.servesHTTP)
        #expect(values.queue.runsWorkers)
    }

    @Test(arguments: [
        (["--no-workers"], true, false),
        (["--no-http"], false, true),
        (["--queue-workers=false"], true, false),
        (["--server-enabled", "false"], false, true),
        (["--no-http", "--queue-max-concurrency", "5"], false, true),
    ])
    func byFlag(flags: [String], servesHTTP: Bool, runsWorkers: Bool) async throws {
        let resolved = try await load(flags)
        #expect(resolved.values.servesHTTP == servesHTTP)
        #expect(resolved.values.queue.runsWorkers == runsWorkers)
        let key = servesHTTP ? "queue.workers" : "server.enabled"
        #expect(resolved.sources[key] == .flag(servesHTTP ? "--queue-workers" : "--server-enabled"))
    }

    @Test func theShorthandFlagOverridesTheEnvironment() async throws {
        let resolved = try await load(["--no-workers"], ["XQUEUE_QUEUE_WORKERS": "true"])
        #expect(!resolved.values.queue.runsWorkers)
    }

    @Test(arguments: [
        (["--no-workers", "--no-http"], [:], ConfigurationError.Kind.usage),
        (["--no-workers"], ["XQUEUE_SERVER_ENABLED": "false"], .usage),
        ([], ["XQUEUE_SERVER_ENABLED": "false", "XQUEUE_QUEUE_WORKERS": "false"], .configuration),
    ])
    func neitherIsAnError(
        flags: [String], environment: [String: String], kind: ConfigurationError.Kind
    ) async {
        await #expect {
            try await load(flags, environment)
        } throws: { error in
            let error = error as? ConfigurationError
            return error?.kind == kind
                && error?.description
                    == "server.enabled and queue.workers are both off (--no-http and --no-workers), "
                    + "which leaves the process with nothing to do"
        }
    }

    @Test(arguments: [
        (["--no-http", "--no-http"], "flag '--server-enabled' is given twice, once as '--no-http'"),
        (
            ["--queue-workers", "true", "--no-workers"],
            "flag '--queue-workers' is given twice, once as '--no-workers'"
        ),
        (["--no-workers", "--queue-workers=true"], "flag '--queue-workers' is given twice"),
        (["--no-worker"], "unknown flag '--no-worker', did you mean '--no-workers'?"),
        (["--no-http=1"], "unknown flag '--no-http=1'"),
    ])
    func mistakes(flags: [String], message: String) async {
        await #expect {
            try await load(flags)
        } throws: { error in
            let description = (error as? ConfigurationError)?.description ?? ""
            return description.hasPrefix(message.replacing("=1'", with: "'"))
        }
    }
}
