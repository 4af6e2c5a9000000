import ArgumentParser
import Foundation
import XQueueClient
import XQueueCore

/// The tasks of a command that calls the API once per task.
struct TaskOptions: ParsableArguments {
    @Argument(help: "Task IDs or unique prefixes of them; - reads them from standard input.")
    var ids: [String]

    func validate() throws { try TaskIDArgument.check(ids) }

    /// Calls `body` for each task, in order, as ``ManyTasks`` does.
    ///
    /// - Parameters:
    ///   - server: The server that has the tasks.
    ///   - body: Calls the API for a task and prints the outcome; gets the task's index, from 0.
    func each(
        _ server: ServerOptions, _ body: (QueueClient, TaskID, Int) async throws -> Void
    ) async throws {
        try await CommandRun.reporting {
            try await server.withClient { client in
                try await ManyTasks.each(try await TaskIDArgument.read(ids, client)) { id, index in
                    try await body(client, id, index)
                }
            }
        }
    }
}

/// Task IDs on the command line, or on standard input in place of `-`. A unique prefix stands for an ID.
enum TaskIDArgument {
    /// - Throws: `ValidationError` naming the first text that is neither an ID nor a prefix.
    static func check(_ texts: [String]) throws {
        for text in texts where text != "-" && TaskID(text) == nil && TaskIDPrefix(text) == nil {
            throw ValidationError("\(text) is not a task ID or a prefix of one")
        }
    }

    /// Returns the named tasks in order; standard input has one or more per line.
    ///
    /// - Throws: ``CommandError`` naming the first word on standard input that is not an ID, or the first prefix that is
    ///   not unique.
    static func read(_ texts: [String], _ client: QueueClient) async throws -> [TaskID] {
        var ids: [TaskID] = []
        for text in texts {
            guard text == "-" else {
                ids.append(try await task(text, client))
                continue
            }
            let input = try FileHandle.standardInput.readToEnd() ?? Data()
            for word in String(decoding: input, as: UTF8.self).split(whereSeparator: \.isWhitespace) {
                ids.append(try await task(String(word), client))
            }
        }
        return ids
    }

    private static func task(_ text: String, _ client: QueueClient) async throws -> TaskID {
        if let id = TaskID(text) { return id }
        guard let prefix = TaskIDPrefix(text) else {
            throw CommandError(.badInput, "\(text) is not a task ID")
        }
        return try await prefix.resolve(client)
    }
}

/// A prefix of a task ID.
struct TaskIDPrefix {
    /// Fewer characters than this are more likely a mistake than a prefix.
    static let minLength = 4

    private let text: String
    /// The lowest and the highest ID with this prefix.
    private let first: TaskID
    private let last: TaskID

    /// Fails unless `text` is a prefix of an ID with at least ``minLength`` characters.
    init?(_ text: String) {
        let text = text.lowercased()
        let zeros = "00000000-0000-0000-0000-000000000000"
        guard text.utf8.count >= Self.minLength, text.utf8.count < zeros.utf8.count,
            let first = TaskID(text + zeros.dropFirst(text.utf8.count)),
            let last = TaskID(text + zeros.replacing("0", with: "f").dropFirst(text.utf8.count))
        else { return nil }
        self.text = text
        self.first = first
        self.last = last
    }

    /// Returns the only task whose ID has this prefix.
    ///
    /// - Throws: ``CommandError`` if there is none, or more than one, which it names.
    func resolve(_ client: QueueClient) async throws -> TaskID {
        let found = try await matches(client)
        guard let id = found.first else {
            throw CommandError(.noSuchTask, "no task ID begins with \(text)")
        }
        guard found.count == 1 else {
            let names = found.prefix(Self.named).map(\.description).joined(separator: ", ")
            let more = found.count > Self.named ? " and more" : ""
            throw CommandError(.usage, "several task IDs begin with \(text): \(names)\(more)")
        }
        return id
    }

    private static let named = 5

    /// Returns the tasks with this prefix, newest first, at most one more than an error names.
    private func matches(_ client: QueueClient) async throws -> [TaskID] {
        // The list is in descending order of IDs, and a cursor may be any ID: start after the last possible match.
        let (low, carry) = last.low.addingReportingOverflow(1)
        let (high, isEnd) = last.high.addingReportingOverflow(carry ? 1 : 0)
        var filter = TaskFilter()
        filter.limit = Self.named + 1
        if !isEnd { filter.after = TaskCursor(last: TaskID(high: high, low: low)).description }
        return try await client.tasks(filter).tasks.map(\.id).filter { first <= $0 && $0 <= last }
    }
}

/// Calls for several tasks, one by one.
enum ManyTasks {
    /// Calls `body` for each task, in order. Reports a rejected task immediately and continues; the exit code is that of
    /// the first rejection. Stops at an error that would affect all other tasks too.
    static func each(_ ids: [TaskID], _ body: (TaskID, Int) async throws -> Void) async throws {
        var first: CommandExit?
        var rejected = 0
        for (index, id) in ids.enumerated() {
            do {
                try await body(id, index)
            } catch let error as QueueClientError where [.rejected, .noSuchTask].contains(error.exit) {
                // Some messages name the task themselves.
                let advice = error.advice
                StandardError.report(advice.contains("\(id)") ? advice : "\(id): \(advice)")
                first = first ?? error.exit
                rejected += 1
            }
        }
        guard let first else { return }
        if ids.count > 1 { StandardError.write("xqueue: \(rejected) of \(ids.count) tasks were rejected\n") }
        throw first.code
    }
}
