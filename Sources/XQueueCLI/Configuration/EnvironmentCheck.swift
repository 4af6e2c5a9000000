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
