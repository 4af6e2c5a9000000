import ArgumentParser
import XQueueServer

/// `xqueue token`: makes the tokens a server asks for.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make tokens for callers of a server.",
        subcommands: [NewTokenCommand.self, HashTokenCommand.self])
}

/// `xqueue token new`
struct NewTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Print a random token, and the line of the configuration that lets it in.",
        discussion: """
            The token goes to whoever calls the server, as 'Authorization: Bearer TOKEN'. The line goes into \
            the server's file, in the section 'auth: { tokens: … }'; it holds only the token's hash. After that, \
            'kill -HUP' makes a running server read it.

            EXAMPLES:
              xqueue token new --name ci --scopes submit,read
              xqueue token new --name resizer --scopes work --types thumbnail
            """)

    @Option(help: "What logs call it.")
    var name = "new"

    @Option(help: "What it may do: some of submit, read, work, admin.")
    var scopes = "admin"

    @Option(help: "The task types it is for, separated by commas; all without.")
    var types: String?

    func validate() throws {
        for word in words(scopes) where AccessScopes(word: word) == nil {
            let all = AccessScopes.words.map(\.name).joined(separator: ", ")
            throw ValidationError("'\(word)' is no scope: they are \(all)")
        }
        guard !words(scopes).isEmpty else {
            throw ValidationError("a token without scopes is good for nothing")
        }
        guard 1...100 ~= name.utf8.count else { throw ValidationError("--name must have 1 to 100 bytes") }
    }

    func run() throws {
        let token = RandomSecret.make(prefix: "xq_")
        let line = Self.line(name: name, token: token, scopes: words(scopes), types: types.map(words))
        try Output.write("token:  \(token)\nconfig: \(line)\n")
    }

    /// The entry of `auth.tokens`.
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
        abstract: "Print the hash of the token on standard input, for a configuration file.")

    func run() throws {
        guard let token = readLine(), token.utf8.count >= AccessToken.minLength else {
            throw ValidationError(
                "a token of at least \(AccessToken.minLength) characters is expected on standard input")
        }
        try Output.line(TokenHash(of: token).hex)
    }
}
