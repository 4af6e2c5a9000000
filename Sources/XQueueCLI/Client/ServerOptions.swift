import ArgumentParser
import Foundation
import NIOCore
import XQueue
import XQueueClient

/// The server a command talks to, and how.
struct ServerOptions: ParsableArguments {
    static let defaultURL = "http://127.0.0.1:8080"
    static let urlVariable = "XQUEUE_URL"
    static let tokenVariable = "XQUEUE_TOKEN"
    static let tokenFileVariable = "XQUEUE_TOKEN_FILE"
    static let authorityVariable = "XQUEUE_CA_FILE"

    @Option(
        name: .customLong("url"),
        help: ArgumentHelp(
            "Server URL (or \(urlVariable)); default: \(defaultURL).", valueName: "url"))
    var text: String?

    @Option(
        help: ArgumentHelp(
            """
            Access token. Prefer \(tokenVariable), or \(tokenFileVariable) with the path of a file that holds it: \
            other users can read command lines.
            """,
            valueName: "token"))
    var token: String?

    @Option(
        name: .customLong("ca-file"),
        help: ArgumentHelp(
            "Trusted certificates for https instead of the system's (or \(authorityVariable)).",
            valueName: "file"),
        completion: .file())
    var authorityFile: String?

    @Flag(name: .customLong("insecure-tls"), help: "Accept any certificate; for tests only.")
    var acceptsAnyCertificate = false

    @Option(
        help: ArgumentHelp(
            "How long the server may take to reply, such as 30s.", valueName: "duration"),
        transform: DurationArgument.parse)
    var timeout = Duration.seconds(30)

    @Option(
        name: .customLong("retry-for"),
        help: ArgumentHelp(
            """
            How long to retry while the server is unreachable or at a limit; default: 0s, 60s for submit --file.
            """,
            valueName: "duration"),
        transform: DurationArgument.parse)
    var patience: Duration?

    /// Returns the server's URL without a trailing slash.
    func address() throws -> String {
        let text = text ?? Self.variable(Self.urlVariable) ?? Self.defaultURL
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), url.host() != nil
        else { throw ValidationError("\(text) is not a server URL like \(Self.defaultURL)") }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// Calls `body` with a client of the server, and closes the client.
    func withClient<Value>(
        patience usualPatience: Duration = .zero, _ body: (QueueClient) async throws -> Value
    ) async throws -> Value {
        var configuration = QueueClient.Configuration(url: try address(), token: try shownToken())
        configuration.timeout = timeout
        configuration.retryTimeout = patience ?? usualPatience
        configuration.userAgent = "xqueue/\(Version.current)"
        configuration.authorityFile = authorityFile ?? Self.variable(Self.authorityVariable)
        configuration.acceptsAnyCertificate = acceptsAnyCertificate
        // Creating an event loop crashes if no descriptors are left.
        guard OpenFiles.hasRoom(for: Self.descriptors) else {
            throw CommandError(.unavailable, "the open file limit is too low: raise it (ulimit -n)")
        }
        do {
            return try await QueueClient.with(configuration, body)
        } catch let error as QueueClientError where error.code == .badConfiguration {
            throw ValidationError(error.message)
        }
    }

    /// Three descriptors per event loop, and some for connections and certificates.
    private static let descriptors = 3 * System.coreCount + 12

    private func shownToken() throws -> String? {
        if let token = token ?? Self.variable(Self.tokenVariable) { return token }
        guard let path = Self.variable(Self.tokenFileVariable) else { return nil }
        switch SecretFiles.value(in: path) {
        case .success(let token): return token
        case .failure(let problem):
            throw ValidationError("\(Self.tokenFileVariable): '\(path)' \(problem.text)")
        }
    }

    /// Returns the variable's value; nil if it is unset or empty.
    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A duration on the command line.
enum DurationArgument {
    static func parse(_ text: String) throws -> Duration {
        guard let duration = DurationText.parse(text) else {
            throw ValidationError(
                "\(text) is not a duration, like 500ms, 30s, 10m, 1h30m or a number of seconds")
        }
        return duration
    }
}
