import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue workers`: lists the nodes of the cluster.
struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "List live nodes, their task types and load.",
        discussion: """
            Examples:
              xqueue workers
              xqueue workers --json | jq '.workers[] | {host, running, capacity}'
            """)

    @Flag(help: "Print the server's JSON response.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show(.workers, json: json) { try QueueWorker.table($0.workers).print() }
    }
}

extension QueueWorker {
    /// Returns the workers as a table.
    static func table(_ nodes: [QueueWorker], isTerminal: Bool = Terminal.output.isTerminal) -> TextTable {
        func time(_ time: Timestamp) -> String { isTerminal ? Age.text(time.rfc3339) : time.rfc3339 }
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
