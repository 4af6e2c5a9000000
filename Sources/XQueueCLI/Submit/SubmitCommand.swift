import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue submit`: submits a task or a file of tasks.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submit a task or a file of tasks.",
        discussion: """
            Prints the new task's ID. With --wait, shows progress on standard error, prints the result once the \
            task has succeeded, and exits with the task's outcome: 0 if it succeeded, 1 if it failed, timed out \
            or was canceled, 3 if --wait-for elapsed. Ctrl-C only ends the waiting; the task continues.

            If another task holds the unique key (--unique-key, parts of the payload with --unique-by, or both), \
            that task's ID is printed, and a note on standard error says whether it was updated. --on-conflict \
            changes this: reject exits with 1; replace rewrites a pending task, else exits with 1; rerun rewrites a \
            pending task, or runs once more after a running one; debounce rewrites a pending task and restarts its \
            wait.

            A file has one task per line, as in POST /api/v1/tasks: {"type":"mail","payload":{"to":"a"}}. It is \
            sent in batches. A state file, next to the file unless --state names another, records the progress. \
            After an interruption, the same command with --resume continues after the last submitted line. No \
            line is submitted twice and none is lost, even if this program is killed or a reply is lost: each \
            line's task ID depends only on the run and the line number, and for a known ID the server returns \
            the existing task. This holds while the server keeps the tasks (queue.retention_age, \
            queue.retention_count) and as long as the lines already read do not change.

            With --resume from the start, the state file is kept at the end, so the same command can be repeated \
            at any time: it submits nothing twice, even when complete.

            A rejected line stops the submission and is reported with its number: fix it and rerun with \
            --resume, or skip such lines with --keep-going.

            Examples:
              xqueue submit example '{"duration_ms":2000}'
              xqueue submit thumbnail @photo.json --priority 5 --concurrency-key user_123
              echo '"hello"' | xqueue submit mail - --delay 10m
              xqueue submit report --unique-key daily --wait --wait-for 5m
              xqueue submit invoice @invoice.json --unique-by customer.id --unique-window 1h --on-conflict reject
              xqueue submit index --unique-key docs --on-conflict debounce --debounce-wait 10s
              xqueue submit --file tasks.ndjson
              xqueue submit --file tasks.ndjson --resume
              zcat tasks.gz | xqueue submit --file - --state import.state --resume
            """)

    @Argument(help: "Task type.")
    var type: String?

    @Argument(help: "Payload: JSON, @FILE, or - for standard input; default: null.")
    var payload: String?

    @OptionGroup(title: "Fields of the task") var fields: TaskFields

    @OptionGroup(title: "Uniqueness") var unique: UniqueFields

    @OptionGroup(title: "Uniqueness") var conflict: ConflictFields

    @OptionGroup(title: "Waiting") var waiting: WaitOptions

    @OptionGroup(title: "A file of tasks") var file: FileOptions

    @Flag(help: "Print the server's JSON response; with --file, a JSON summary.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if file.path == nil {
            guard type != nil else { throw ValidationError("a task type or --file is required") }
            try file.checkAlone()
        } else {
            guard type == nil, payload == nil, fields.isEmpty, unique.isEmpty, conflict.isEmpty else {
                throw ValidationError("--file cannot be combined with a type, a payload or task fields")
            }
            guard !waiting.waits else { throw ValidationError("--wait cannot be combined with --file") }
            try file.check()
        }
        try unique.checkKey(conflict)
        try waiting.check()
        if let id = fields.single.id, TaskID(id) == nil { throw ValidationError("\(id) is not a UUID") }
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

    /// Returns the submission that the options describe.
    ///
    /// - Throws: ``CommandError`` if an option is not a time, or names something that cannot be read or is not JSON.
    func submission(type: String) throws -> Submission {
        let payload = try payload.map { try PayloadSource.read($0) }
        var submission = try fields.submission(type: type, payload: payload)
        unique.apply(to: &submission, conflict)
        return submission
    }

    private func submit(_ type: String) async throws {
        let submission = try submission(type: type)
        try await server.withClient { client in
            let reply = try await client.reply(to: .submit(submission))
            let task = try reply.decoded()
            let id = task.id
            if !json, let note = task.submitNote { StandardError.write("xqueue: note: \(note)\n") }
            if waiting.waits {
                try await waiting.wait(for: id, json: json, client)
            } else {
                try Output.line(json ? reply.text : id.description, after: "task \(id) was submitted")
            }
        }
    }
}

extension QueueTask {
    /// Says that a submission added no task, if it did not.
    var submitNote: String? {
        if isReplaced { return "\(id) was updated by this submission; no task was added" }
        return isDeduplicated ? "\(id) already exists, \(standing); no task was added" : nil
    }
}
