import ArgumentParser
import Foundation

/// Which server a command talks to.
struct ServerOptions: ParsableArguments {
    static let defaultURL = "http://127.0.0.1:8080"

    @Option(
        name: .customLong("url"),
        help: ArgumentHelp(
            "The server, also XQUEUE_URL; \(defaultURL) if neither is given.", valueName: "url"))
    var text: String?

    /// The server's address without a slash at its end.
    func address() throws -> String {
        let text = text ?? ProcessInfo.processInfo.environment["XQUEUE_URL"] ?? Self.defaultURL
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), url.host() != nil
        else { throw ValidationError("\(text) is not the address of a server, like \(Self.defaultURL)") }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
