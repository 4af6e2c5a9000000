import XQueueHandlers
import XQueueServer

/// Finds settings that together leave the door open, or half shut.
enum AccessCheck {
    /// Whether only programs on this machine can connect to `host`.
    static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    static func problems(of resolved: ResolvedConfiguration) -> [(ConfigurationError.Kind, String)] {
        let values = resolved.values
        guard values.servesHTTP else { return [] }
        var problems: [(ConfigurationError.Kind, String)] = []
        if !values.auth.isLocked, !values.isInsecure, !isLoopback(values.server.host) {
            let source = resolved.sources["server.host"] ?? .default
            let kind: ConfigurationError.Kind = if case .flag = source { .usage } else { .configuration }
            problems.append(
                (
                    kind,
                    "server.host: '\(values.server.host)' (\(source)) can be reached by others, and nobody is "
                        + "asked for a token: set XQUEUE_AUTH_TOKEN or auth.tokens ('xqueue token new' makes "
                        + "one), or say --insecure if everybody there may do everything"
                ))
        }
        if (values.tls.certificateFile == nil) != (values.tls.keyFile == nil) {
            problems.append(
                (.configuration, "server.tls.cert_file and server.tls.key_file are needed both, or neither"))
        }
        return problems
    }
}

/// Looks for variables that were meant for XQueue and mean nothing to it.
enum EnvironmentCheck {
    /// Variables with our prefix that are no settings: what handlers' programs are given, the file, and what
    /// the commands that talk to a server read.
    static let others = [
        "XQUEUE_CONFIG", ServerOptions.urlVariable, ServerOptions.tokenVariable,
        ServerOptions.tokenFileVariable, ServerOptions.authorityVariable,
        ExecEnvironment.taskID, ExecEnvironment.taskType, ExecEnvironment.attempt,
    ]

    static func warnings(about environment: [String: String], settings: [Setting]) -> [String] {
        let known = settings.map(\.variable)
        return environment.keys
            .filter { $0.hasPrefix(Setting.variablePrefix) && !known.contains($0) && !others.contains($0) }
            .sorted()
            .map { "unknown environment variable '\($0)'\(Suggestion.phrase(for: $0, among: known))" }
    }
}
