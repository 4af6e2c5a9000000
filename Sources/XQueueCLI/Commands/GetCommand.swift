import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue get`: shows tasks in full.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show everything about a task.",
        discussion: """
            Examples:
              xqueue get 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f
              xqueue get 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f --json | jq .result
              xqueue list --type mail --ids | xqueue get - --json
            """)

    @OptionGroup var tasks: TaskOptions

    @Flag(help: "Print each task as a line of JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await tasks.each(server) { client, id, index in
            let reply = try await client.reply(to: .task(id))
            if json { return try Output.line(reply.text) }
            if index > 0 { try Output.line("") }
            try Output.write(try TaskSheet.text(reply.text, isTerminal: Terminal.output.isTerminal))
        }
    }
}

/// A task, with one line for each field that has a value.
enum TaskSheet {
    /// - Parameters:
    ///   - json: The task as the server wrote it.
    ///   - isTerminal: Whether to align the values; otherwise a tab precedes them.
    static func text(_ json: String, isTerminal: Bool) throws -> String {
        guard let members = try RawJSON.members(of: json) else { return json + "\n" }
        var sheet = FactSheet(isTerminal: isTerminal)
        for member in members where member.value.kind != .null {
            switch member.name {
            case "errors":
                for error in try member.value.elements() ?? [] { sheet.add("errors", summary(of: error)) }
            case "scheduled": sheet.add("scheduled", tick(of: member.value))
            case "unique": sheet.add("unique", rule(of: member.value))
            default: sheet.add(member.name, member.value.string ?? member.value.text)
            }
        }
        return sheet.text
    }

    /// Returns a failed attempt in one line.
    private static func summary(of error: RawJSON) -> String {
        guard let members = try? error.members() else { return error.text }
        return """
            \(value("ended_at", members))  attempt \(value("attempt", members))  \(value("kind", members))  \
            \(value("error", members))
            """
    }

    /// Returns the tick that submitted the task in one line.
    private static func tick(of scheduled: RawJSON) -> String {
        guard let members = try? scheduled.members() else { return scheduled.text }
        let late = value("late", members) == "true" ? "  late" : ""
        return "\(value("schedule", members))  \(value("tick", members))\(late)"
    }

    /// Returns the rule of the unique key in one line. The key has a line of its own.
    private static func rule(of unique: RawJSON) -> String {
        guard let members = try? unique.members() else { return unique.text }
        var facts = ["until \(value("until", members))"]
        let window = value("window", members)
        if !window.isEmpty, window != "null" { facts.append("window \(window)") }
        if value("across_types", members) == "true" { facts.append("across types") }
        return facts.joined(separator: "  ")
    }

    private static func value(_ name: String, _ members: [JSONMember]) -> String {
        let value = members.first { $0.name == name }?.value
        return value.map { $0.string ?? $0.text } ?? ""
    }
}
