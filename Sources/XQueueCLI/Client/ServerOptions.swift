import ArgumentParser
import Foundation
import NIOCore
import XQueue
import XQueueClient

/// Which server a command talks to, and how.
struct ServerOptions: ParsableArguments {
    static let defaultURL = "http://127.0.0.1:8080"
    static let urlVariable = "XQUEUE_URL"
    static let tokenVariable = "XQUEUE_TOKEN"
    static let tokenFileVariable = "XQUEUE_TOKEN_FILE"
    static let authorityVariable = "XQUEUE_CA_FILE"

    @Option(
        name: .customLong("url"),
        help: ArgumentHelp(
            "The server, also \(urlVariable); \(defaultURL) if neither is given.", valueName: "url"))
    var text: String?

    @Option(
        help: ArgumentHelp(
            """
            The token to show to the server; better \(tokenVariable), or \(tokenFileVariable) for a file that \
            holds it, where other users cannot read it.
            """,
            valueName: "token"))
    var token: String?

    @Option(
        name: .customLong("ca-file"),
        help: ArgumentHelp(
            "The certificates to trust instead of the system's, for https, also \(authorityVariable).",
            valueName: "file"),
        completion: .file())
    var authorityFile: String?

    @Flag(name: .customLong("insecure-tls"), help: "Accept any certificate, for tests.")
    var acceptsAnyCertificate = false

    @Option(
        help: ArgumentHelp(
            "How long the server may take to answer, such as 30s.", valueName: "duration"),
        transform: DurationArgument.parse)
    var timeout = Duration.seconds(30)

    @Option(
        name: .customLong("retry-for"),
        help: ArgumentHelp(
            """
            How long to try again while no server answers, or it is at a limit; 0s if not given, 60s for \
            submit --file.
            """,
            valueName: "duration"),
        transform: DurationArgument.parse)
    var patience: Duration?

    /// The server's address without a slash at its end.
    func address() throws -> String {
        let text = text ?? Self.variable(Self.urlVariable) ?? Self.defaultURL
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), url.host() != nil
        else { throw ValidationError("\(text) is not the address of a server, like \(Self.defaultURL)") }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// Calls `body` with a client of the server, and closes the client.
    func withClient<Value>(
        patience usualPatience: Duration = .zero, _ body: (QueueClient) async throws -> Value
    ) async throws -> Value {
        var configuration = QueueClient.Configuration(url: try address(), token: try shownToken())
        configuration.timeout = timeout
        configuration.patience = patience ?? usualPatience
        configuration.userAgent = "xqueue/\(Version.current)"
        configuration.authorityFile = authorityFile ?? Self.variable(Self.authorityVariable)
        configuration.acceptsAnyCertificate = acceptsAnyCertificate
        // Event loops end the program if they cannot be made.
        guard OpenFiles.hasRoom(for: Self.descriptors) else {
            throw CommandError(.unavailable, "too few files can be opened: raise the limit (ulimit -n)")
        }
        do {
            return try await QueueClient.with(configuration, body)
        } catch let error as QueueClientError where error.code == .badConfiguration {
            throw ValidationError(error.message)
        }
    }

    /// Three for each event loop, and some for connections and certificates.
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

    /// A variable that is empty counts as none.
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
