import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue submit`: hands tasks in, one or a file of them.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submit a task, or a file of tasks.",
        discussion: """
            Prints the new task's identifier; with --wait, its result, once it has succeeded. --wait shows \
            progress on standard error and ends as the task does: 0 if it succeeded, 1 if it failed, timed out \
            or was canceled, 3 if --wait-for has passed. Ctrl-C ends the waiting only, the task goes on.

            A file has a task on each line, as in POST /api/v1/tasks: {"type":"mail","payload":{"to":"a"}}. It \
            is sent in batches. What is through is noted in a state file, beside the file unless --state names \
            one. When something stops the work, the same command with --resume goes on after the last line that \
            is through. No line is submitted twice and none is lost, even if this program is killed or an \
            answer does not arrive: each line has an identifier that depends on the run and the line's number \
            alone, and the server answers with the task it has. This holds while the server still keeps the \
            tasks (queue.retention_age, queue.retention_count), and if the lines that were read are not changed.

            With --resume from the start, the state file stays at the end, so that the same command can be \
            given again whatever happens: it submits nothing twice, even after it is complete.

            A line the server does not accept ends the work, with its number; mend it and go on with \
            --resume, or pass over such lines with --keep-going.

            Examples:
              xqueue submit example '{"duration_ms":2000}'
              xqueue submit thumbnail @photo.json --priority 5 --concurrency-key user_123
              echo '"hello"' | xqueue submit mail - --delay 10m
              xqueue submit report --unique-key daily --wait --wait-for 5m
              xqueue submit --file tasks.ndjson
              xqueue submit --file tasks.ndjson --resume
              zcat tasks.gz | xqueue submit --file - --state import.state --resume
            """)

    @Argument(help: "The task type.")
    var type: String?

    @Argument(help: "The payload: JSON, @FILE, or - for standard input; null if not given.")
    var payload: String?

    @OptionGroup(title: "Fields of the task") var fields: TaskFields

    @OptionGroup(title: "Waiting") var waiting: WaitOptions

    @OptionGroup(title: "A file of tasks") var file: FileOptions

    @Flag(help: "Print what the server answered; of a file, its summary.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if file.path == nil {
            guard type != nil else { throw ValidationError("name a task type, or a --file") }
            try file.checkAlone()
        } else {
            guard type == nil, payload == nil, fields.isEmpty else {
                throw ValidationError("with --file, the lines say what the tasks are")
            }
            guard !waiting.waits else { throw ValidationError("--wait is for a single task") }
            try file.check()
        }
        try waiting.check()
        if let id = fields.id, TaskID(id) == nil { throw ValidationError("\(id) is not a UUID") }
    }

    func run() async throws {
        try await CommandRun.reporting {
            if let path = file.path {
                try await FileSubmission(path: path, options: file, json: json, server: server).run()
            } else if let type {
                try await submit(type)
            }
        }
    }

    private func submit(_ type: String) async throws {
        let payload = try payload.map { try PayloadSource.read($0) }
        let submission = try fields.submission(type: type, payload: payload)
        try await server.withClient { client in
            let reply = try await client.reply(to: .submit(submission))
            let id = try reply.decoded().id
            if waiting.waits {
                try await waiting.wait(for: id, json: json, client)
            } else {
                try Output.line(json ? reply.text : id.description, after: "the task \(id) was submitted")
            }
        }
    }
}
