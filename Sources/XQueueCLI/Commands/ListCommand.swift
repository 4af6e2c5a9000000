import ArgumentParser
import XQueueClient
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
              xqueue list --limit 50 --after CURSOR
              xqueue list --status pending --all --ids | xqueue cancel -
              xqueue list --json | jq '.tasks[].id'
            """)

    /// Maximum number of tasks per page.
    private static let largestPage = 1000

    @Option(
        name: .customLong("status"), help: "Only tasks with this status; may be repeated.",
        completion: .list(TaskStatus.allCases.map(\.rawValue)))
    var statuses: [String] = []

    @Option(name: .customLong("type"), help: "Only tasks of this type; may be repeated.")
    var types: [String] = []

    @Option(name: .customLong("concurrency-key"), help: "Only tasks with this key.")
    var key: String?

    @Option(help: "Maximum number of tasks to show, 1 to \(largestPage).")
    var limit = 20

    @Option(help: ArgumentHelp("Continue after the page that printed this cursor.", valueName: "cursor"))
    var after: String?

    @Option(help: "Number of newest tasks to skip, 0 to \(TaskQuery.maxOffset.grouped).")
    var offset = 0

    @Flag(help: "Show all tasks, page by page.")
    var all = false

    @Flag(name: .customLong("ids"), help: "Print task IDs only.")
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
            throw ValidationError("--limit must be between 1 and \(Self.largestPage)")
        }
        guard 0...TaskQuery.maxOffset ~= offset else {
            throw ValidationError(
                "--offset must be between 0 and \(TaskQuery.maxOffset.grouped); use --after to go further")
        }
        if after != nil, offset > 0 { throw ValidationError("--after and --offset cannot be combined") }
        if json, showsIdentifiers { throw ValidationError("--ids and --json cannot be combined") }
    }

    func run() async throws {
        try await CommandRun.reporting {
            try await server.withClient { client in
                try await all ? listAll(client) : listPage(client)
            }
        }
    }

    /// - Parameter cursor: Where to continue; nil to start where the options say.
    private func page(
        _ client: QueueClient, limit: Int, after cursor: String?
    ) async throws -> ClientReply<QueueTaskPage> {
        var filter = TaskFilter()
        filter.statuses = statuses.compactMap { TaskStatus(rawValue: $0) }
        filter.types = types
        filter.concurrencyKey = key
        filter.limit = limit
        filter.after = cursor ?? after
        filter.offset = filter.after == nil ? offset : 0
        return try await client.reply(to: .tasks(filter))
    }

    private func listPage(_ client: QueueClient) async throws {
        let reply = try await page(client, limit: limit, after: nil)
        if json { return try Output.line(reply.text) }
        var page = try reply.decoded()
        var tasks = page.tasks
        // The server ends a page early if its payloads are large.
        while tasks.count < limit, let next = page.next {
            page = try await self.page(client, limit: limit - tasks.count, after: next).decoded()
            tasks += page.tasks
        }
        try show(tasks)
        guard Terminal.output.isTerminal, !showsIdentifiers else { return }
        let end = offset + tasks.count
        let place =
            tasks.isEmpty
            ? "none" : after == nil ? "\((offset + 1).grouped) to \(end.grouped)" : tasks.count.grouped
        let next = page.next.map { "; next: --after \($0)" } ?? ""
        try Output.line("\(place) of \(page.total.grouped)\(next)")
    }

    private func listAll(_ client: QueueClient) async throws {
        var next: String?
        repeat {
            let reply = try await page(client, limit: Self.largestPage, after: next)
            let page = try reply.decoded()
            if json { try Output.line(reply.text) } else { try show(page.tasks) }
            next = page.next
        } while next != nil
    }

    private func show(_ tasks: [QueueTask]) throws {
        if showsIdentifiers { return try Output.write(tasks.map { "\($0.id)\n" }.joined()) }
        try Self.table(tasks, isTerminal: Terminal.output.isTerminal).print()
    }

    static func table(_ tasks: [QueueTask], isTerminal: Bool) -> TextTable {
        var table = TextTable([
            .init(head: "ID"), .init(head: "TYPE", least: 12, isName: true), .init(head: "STATUS"),
            .init(head: "PRIORITY", isOnRight: true, leaves: 3),
            .init(head: "ATTEMPT", isOnRight: true, leaves: 2),
            .init(head: isTerminal ? "AGE" : "CREATED", isOnRight: true),
            .init(head: "NOTE", least: 8, leaves: 1),
        ])
        table.rows = tasks.map { task in
            [
                task.id.description, task.type, task.standing, "\(task.priority)", "\(task.attempt)",
                isTerminal ? Age.text(task.createdAt.rfc3339) : task.createdAt.rfc3339,
                task.note(isTerminal: isTerminal),
            ]
        }
        return table
    }
}

/// Columns of a task in a list.
extension QueueTask {
    /// The status; for a pending task, what it waits for.
    var standing: String {
        guard status == .pending, let pendingReason, pendingReason != .ready else { return status.rawValue }
        return pendingReason.rawValue
    }

    /// Returns the most useful detail: its progress, when it is due, or why it failed.
    func note(isTerminal: Bool) -> String {
        switch status {
        case .processing:
            let percent = progress.map { "\(WholePercent.of($0)) %" }
            return [percent, progressMessage].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
        case .pending where pendingReason == .scheduled:
            return isTerminal ? Age.text(runAt.rfc3339) : runAt.rfc3339
        case .success: return ""
        default: return error ?? ""
        }
    }
}
