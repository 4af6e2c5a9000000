import ArgumentParser
import XQueueCore

/// `xqueue list`: tasks, newest first.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List tasks, newest first.",
        discussion: """
            Examples:
              xqueue list
              xqueue list --status failed --status timeout --type mail
              xqueue list --limit 50 --offset 100
              xqueue list --status pending --all --ids | xqueue cancel -
              xqueue list --json | jq '.tasks[].id'
            """)

    /// The most tasks a page may have.
    private static let largestPage = 1000

    @Option(
        name: .customLong("status"), help: "Only tasks with this status; may be repeated.",
        completion: .list(TaskStatus.allCases.map(\.rawValue)))
    var statuses: [String] = []

    @Option(help: "Only tasks of this type.")
    var type: String?

    @Option(name: .customLong("concurrency-key"), help: "Only tasks with this key.")
    var key: String?

    @Option(help: "How many to show, 1 to \(largestPage).")
    var limit = 20

    @Option(help: "How many of the newest to pass over.")
    var offset = 0

    @Flag(help: "Show all that there are, page after page.")
    var all = false

    @Flag(name: .customLong("ids"), help: "Print the identifiers only.")
    var showsIdentifiers = false

    @Flag(help: "Print each page as a line of JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        let words = TaskStatus.allCases.map(\.rawValue)
        for status in statuses where !words.contains(status) {
            throw ValidationError("--status must be one of \(words.joined(separator: ", "))")
        }
        guard 1...Self.largestPage ~= limit else {
            throw ValidationError("--limit must be 1 to \(Self.largestPage)")
        }
        guard offset >= 0 else { throw ValidationError("--offset must not be negative") }
        if json, showsIdentifiers { throw ValidationError("give --ids or --json") }
    }

    func run() async throws {
        try await CommandRun.reporting {
            try await server.withClient { client in
                try await all ? listAll(client) : listPage(client)
            }
        }
    }

    private func page(_ client: APIClient, limit: Int, offset: Int) async throws -> APIClient.Reply {
        var query = statuses.map { (name: "status", value: $0) }
        if let type { query.append((name: "type", value: type)) }
        if let key { query.append((name: "concurrency_key", value: key)) }
        query += [(name: "limit", value: "\(limit)"), (name: "offset", value: "\(offset)")]
        return try await client.get("/tasks", query)
    }

    private func listPage(_ client: APIClient) async throws {
        let reply = try await page(client, limit: limit, offset: offset)
        if json { return try Output.line(reply.text) }
        var page = try reply.decoded(TaskPage.self)
        var last = page
        // A page ends early once its payloads are large.
        while page.tasks.count < limit, !last.tasks.isEmpty, offset + page.tasks.count < last.total {
            let rest = try await self.page(
                client, limit: limit - page.tasks.count, offset: offset + page.tasks.count)
            last = try rest.decoded(TaskPage.self)
            let known = Set(page.tasks.map(\.id))
            page.tasks += last.tasks.filter { !known.contains($0.id) }
        }
        try show(page.tasks)
        guard Terminal.output.isTerminal, !showsIdentifiers else { return }
        let end = offset + page.tasks.count
        let place = page.tasks.isEmpty ? "none" : "\((offset + 1).grouped) to \(end.grouped)"
        let next = end < page.total && !page.tasks.isEmpty ? "; next: --offset \(end)" : ""
        try Output.line("\(place) of \(page.total.grouped)\(next)")
    }

    /// Tasks that come in meanwhile push the rest down, so what was shown already is left out.
    private func listAll(_ client: APIClient) async throws {
        var offset = offset
        var lastPage: Set<String> = []
        while true {
            let reply = try await page(client, limit: Self.largestPage, offset: offset)
            let page = try reply.decoded(TaskPage.self)
            if json {
                try Output.line(reply.text)
            } else {
                try show(page.tasks.filter { !lastPage.contains($0.id) })
            }
            offset += page.tasks.count
            if page.tasks.isEmpty || offset >= page.total { return }
            lastPage = Set(page.tasks.map(\.id))
        }
    }

    private func show(_ tasks: [ListedTask]) throws {
        if showsIdentifiers { return try Output.write(tasks.map { $0.id + "\n" }.joined()) }
        try Self.table(tasks, isTerminal: Terminal.output.isTerminal).print()
    }

    static func table(_ tasks: [ListedTask], isTerminal: Bool) -> TextTable {
        var table = TextTable([
            .init(head: "ID"), .init(head: "TYPE", least: 12, isName: true), .init(head: "STATUS"),
            .init(head: "PRIORITY", isOnRight: true, leaves: 3),
            .init(head: "ATTEMPT", isOnRight: true, leaves: 2),
            .init(head: isTerminal ? "AGE" : "CREATED", isOnRight: true),
            .init(head: "NOTE", least: 8, leaves: 1),
        ])
        table.rows = tasks.map { task in
            [
                task.id, task.type, task.standing, "\(task.priority)", "\(task.attempt)",
                isTerminal ? Age.text(task.createdAt) : task.createdAt, task.note(isTerminal: isTerminal),
            ]
        }
        return table
    }
}
