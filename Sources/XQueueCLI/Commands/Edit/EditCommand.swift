import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue edit`: changes tasks that wait.
struct EditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change pending tasks.",
        discussion: """
            Changes the given fields of tasks that wait, also for a retry; the others stay. A task keeps its ID, its type \
            and its place among the tasks of its priority. Prints one line per task, with its new version. If one task \
            cannot be changed, the rest still are, and the exit code is 1, as for a task that runs or has ended, or 2 if \
            there is no such task.

            The JSON objects of --payload and --metadata are merged into those of the task (RFC 7396): null removes a \
            member. --unset takes the names of these options (max-retry, unique-key, run-at), retry-policy, or unique for the \
            unique key with its rule. To lift a concurrency limit, unset both concurrency-key and max-concurrency.

            A new time to run or a new queue timeout restarts the queue timeout. 'xqueue replay' resubmits tasks without \
            their edits.

            Examples:
              xqueue edit 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f --priority 9
              xqueue edit 01934b8e --payload '{"to":"ann"}' --max-retry 1 --if-version 3
              xqueue edit 01934b8e --delay 1h --unset unique-key
              xqueue list --type mail --status pending --all --ids | xqueue edit - --now
            """)

    @OptionGroup var tasks: TaskOptions

    @OptionGroup(title: "Fields to change") var fields: EditFields

    @OptionGroup(title: "Uniqueness") var unique: UniqueFields

    @Option(
        name: .customLong("if-version"),
        help: ArgumentHelp(
            "Only if the task has this version, as 'xqueue get' shows it.", valueName: "version"))
    var version: Int?

    @Flag(help: "Print each task as a line of JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if fields.isEmpty, unique.isEmpty {
            throw ValidationError("at least one field to change is required, such as --priority 9")
        }
        if let version {
            guard version > 0 else { throw ValidationError("--if-version must be 1 or more") }
            guard tasks.ids.count == 1, tasks.ids != ["-"] else {
                throw ValidationError("--if-version requires a single task")
            }
        }
        if fields.readsInput, tasks.ids.contains("-") {
            throw ValidationError("standard input cannot be both task IDs and JSON")
        }
    }

    /// Returns the edit as a JSON merge patch.
    func patch() throws -> String { try fields.patch(unique) }

    func run() async throws {
        let patch = try patch()
        try await tasks.each(server) { client, id, _ in
            let reply = try await client.reply(to: .edit(id, body: patch, version: version))
            if json { return try Output.line(reply.text, after: "\(id) was edited") }
            let task = try reply.decoded()
            let values = ["\(id)", task.status.rawValue, "version \(task.version)"]
            try Output.line(values.joined(separator: Output.separator), after: "\(id) was edited")
        }
    }
}
