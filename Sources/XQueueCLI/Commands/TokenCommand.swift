import ArgumentParser
import XQueueServer

/// `xqueue token`: creates access tokens.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Create access tokens for a server.",
        subcommands: [NewTokenCommand.self, HashTokenCommand.self])
}

/// `xqueue token new`
struct NewTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Print a random token and its configuration line.",
        discussion: """
            Clients send the token as 'Authorization: Bearer TOKEN'. Add the line to the server's configuration file, \
            in the section 'auth: { tokens: … }'; it contains only the token's hash. Then 'kill -HUP' makes a running \
            server reload its tokens.

            Examples:
              xqueue token new --name ci --scopes submit,read
              xqueue token new --name resizer --scopes work --types thumbnail
            """)

    @Option(help: "Name of the token in logs.")
    var name = "new"

    @Option(help: "Comma-separated scopes: submit, read, work, admin.")
    var scopes = "admin"

    @Option(help: "Comma-separated task types it is limited to; default: all.")
    var types: String?

    func validate() throws {
        for word in words(scopes) where AccessScopes(word: word) == nil {
            let all = AccessScopes.words.map(\.name).joined(separator: ", ")
            throw ValidationError("unknown scope '\(word)': must be one of \(all)")
        }
        guard !words(scopes).isEmpty else {
            throw ValidationError("a token needs at least one scope")
        }
        guard 1...100 ~= name.utf8.count else { throw ValidationError("--name must be 1 to 100 bytes long") }
    }

    func run() throws {
        let token = RandomSecret.make(prefix: "xq_")
        let line = Self.line(name: name, token: token, scopes: words(scopes), types: types.map(words))
        try Output.write("token:  \(token)\nconfig: \(line)\n")
    }

    /// Returns the entry of `auth.tokens`.
    static func line(name: String, token: String, scopes: [String], types: [String]?) -> String {
        let types = types.map { ", types: [\($0.map(quoted).joined(separator: ", "))]" } ?? ""
        return "\(quoted(name)): { sha256: \(quoted(TokenHash(of: token).hex)), "
            + "scopes: [\(scopes.joined(separator: ", "))]\(types) }"
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "''") + "'"
    }

    private func words(_ text: String) -> [String] {
        text.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
    }
}

/// `xqueue token hash`
struct HashTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Read a token from standard input and print its hash for a configuration file.")

    func run() throws {
        guard let token = readLine(), token.utf8.count >= AccessToken.minLength else {
            throw ValidationError(
                "standard input must be a token of at least \(AccessToken.minLength) characters")
        }
        try Output.line(TokenHash(of: token).hex)
    }
}
