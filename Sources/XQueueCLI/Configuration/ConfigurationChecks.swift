import XQueueHandlers
import XQueueServer

/// Finds combinations of settings that leave the server unprotected or half protected.
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
                    "server.host: '\(values.server.host)' (\(source)) is reachable from other machines, but no "
                        + "token is required: set XQUEUE_AUTH_TOKEN or auth.tokens ('xqueue token new' makes "
                        + "one), or pass --insecure to give everyone full access"
                ))
        }
        if (values.tls.certificateFile == nil) != (values.tls.keyFile == nil) {
            problems.append(
                (.configuration, "server.tls.cert_file and server.tls.key_file must be set together"))
        }
        return problems
    }
}

/// Finds environment variables that were meant for XQueue but mean nothing to it.
enum EnvironmentCheck {
    /// Variables with our prefix that are not settings: those passed to handlers' programs, the configuration file's
    /// path, and those that client commands read.
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

/// The problems that make the configuration unusable, one line each.
struct ConfigurationError: Error, CustomStringConvertible {
    /// The program's exit code, from `sysexits.h`.
    enum Kind: Int32 {
        /// A mistake on the command line.
        case usage = 64
        /// A mistake in the environment or the file.
        case configuration = 78
    }

    let kind: Kind
    let problems: [String]

    init(_ kind: Kind, _ problems: [String]) {
        self.kind = kind
        self.problems = problems
    }

    var description: String { problems.joined(separator: "\n") }
}

/// Suggests the name that a mistyped one may have meant.
enum Suggestion {
    /// Returns `, did you mean 'X'?` with the nearest of `names`, or an empty string if none is near.
    static func phrase(for name: String, among names: [String]) -> String {
        let nearest = names.map { (name: $0, distance: distance(name, $0)) }.min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= max(2, name.count / 4) else { return "" }
        return ", did you mean '\(nearest.name)'?"
    }

    /// Returns the number of letters to insert, remove or replace to turn one word into the other.
    private static func distance(_ lhs: String, _ rhs: String) -> Int {
        let left = Array(lhs.unicodeScalars)
        let right = Array(rhs.unicodeScalars)
        var previous = Array(0...right.count)
        for (row, scalar) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (scalar == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
