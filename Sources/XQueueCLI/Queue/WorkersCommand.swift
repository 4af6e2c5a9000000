import ArgumentParser

/// `xqueue workers`: the nodes of the cluster.
struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "List the live nodes, what they serve and how busy they are.",
        discussion: """
            Examples:
              xqueue workers
              xqueue workers --json | jq '.workers[] | {host, running, capacity}'
            """)

    @Flag(help: "Print what the server answered.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        struct Workers: Decodable { let workers: [ListedNode] }
        try await CommandRun.reporting {
            try await server.withClient { client in
                let reply = try await client.get("/workers")
                if json { return try Output.line(reply.text) }
                try ListedNode.table(try reply.decoded(Workers.self).workers).print()
            }
        }
    }
}

/// What is told of a node.
struct ListedNode: Decodable {
    let id: String
    let host: String
    let version: String
    let roles: [String]
    let types: [String]
    /// How busy it is, if the token may know.
    let capacity: Int?
    let running: Int?
    let stuck: Int?
    let startedAt: String
    let lastSeenAt: String

    enum CodingKeys: String, CodingKey {
        case id, host, version, roles, types, capacity, running, stuck
        case startedAt = "started_at"
        case lastSeenAt = "last_seen_at"
    }

    static func table(_ nodes: [ListedNode], isTerminal: Bool = Terminal.output.isTerminal) -> TextTable {
        func time(_ text: String) -> String { isTerminal ? Age.text(text) : text }
        func count(_ number: Int?) -> String { number.map(String.init) ?? "-" }
        var table = TextTable([
            .init(head: "ID", least: 12, isName: true), .init(head: "HOST", least: 8, leaves: 4),
            .init(head: "VERSION", leaves: 3), .init(head: "ROLES", leaves: 1),
            .init(head: "RUNNING", isOnRight: true),
            .init(head: "CAPACITY", isOnRight: true), .init(head: "STUCK", isOnRight: true, leaves: 2),
            .init(head: isTerminal ? "UP" : "STARTED", isOnRight: true),
            .init(head: "SEEN", isOnRight: true), .init(head: "TYPES", least: 8),
        ])
        table.rows = nodes.map { node in
            [
                node.id, node.host, node.version, node.roles.joined(separator: ","), count(node.running),
                count(node.capacity), count(node.stuck), time(node.startedAt), time(node.lastSeenAt),
                node.types.joined(separator: ","),
            ]
        }
        return table
    }
}
