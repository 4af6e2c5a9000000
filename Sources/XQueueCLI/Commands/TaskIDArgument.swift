import ArgumentParser
import Foundation
import XQueueClient
import XQueueCore

/// The tasks that a command makes one call for each of.
struct TaskOptions: ParsableArguments {
    @Argument(help: "The tasks, or what their identifiers begin with; - reads them from standard input.")
    var ids: [String]

    func validate() throws { try TaskIDArgument.check(ids) }

    /// Calls `body` for each task, in order, as ``ManyTasks`` does.
    ///
    /// - Parameters:
    ///   - server: Whose tasks they are.
    ///   - body: Calls the API for a task, and tells what came of it; its number counts from 0.
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

/// Identifiers on the command line, or on standard input where `-` stands. What an identifier begins with stands for
/// it, if it is the only one.
enum TaskIDArgument {
    /// - Throws: `ValidationError` naming the first that is none.
    static func check(_ texts: [String]) throws {
        for text in texts where text != "-" && TaskID(text) == nil && TaskIDPrefix(text) == nil {
            throw ValidationError("\(text) is not a task's identifier, nor the beginning of one")
        }
    }

    /// The tasks that are named, in order; standard input holds one or more on each line.
    ///
    /// - Throws: ``CommandError`` naming the first word on standard input that is no identifier, or the first
    ///   beginning that is not one task's.
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
            throw CommandError(.badInput, "\(text) is not a task's identifier")
        }
        return try await prefix.resolve(client)
    }
}

/// What a task's identifier begins with.
struct TaskIDPrefix {
    /// Fewer digits than this are more likely a mistake than an identifier.
    static let least = 4

    private let text: String
    /// The first and the last identifier that begin with it.
    private let first: TaskID
    private let last: TaskID

    /// Nil unless `text` is the beginning of an identifier, at least ``least`` characters of it.
    init?(_ text: String) {
        let text = text.lowercased()
        let zeros = "00000000-0000-0000-0000-000000000000"
        guard text.utf8.count >= Self.least, text.utf8.count < zeros.utf8.count,
            let first = TaskID(text + zeros.dropFirst(text.utf8.count)),
            let last = TaskID(text + zeros.replacing("0", with: "f").dropFirst(text.utf8.count))
        else { return nil }
        self.text = text
        self.first = first
        self.last = last
    }

    /// The only task whose identifier begins so.
    ///
    /// - Throws: ``CommandError`` if there is none, or more than one, which it names.
    func resolve(_ client: QueueClient) async throws -> TaskID {
        let found = try await look(client)
        guard let id = found.first else {
            throw CommandError(.noSuchTask, "there is no task that begins with \(text)")
        }
        guard found.count == 1 else {
            let names = found.prefix(Self.named).map(\.description).joined(separator: ", ")
            let more = found.count > Self.named ? " and more" : ""
            throw CommandError(.usage, "several tasks begin with \(text): \(names)\(more)")
        }
        return id
    }

    private static let named = 5

    /// The tasks that begin so, newest first, at most one more than are named.
    private func look(_ client: QueueClient) async throws -> [TaskID] {
        // The list is in the order of identifiers, the last first, and a cursor may name any: the first that does not
        // begin so.
        let (low, carry) = last.low.addingReportingOverflow(1)
        let (high, isEnd) = last.high.addingReportingOverflow(carry ? 1 : 0)
        var filter = TaskFilter()
        filter.limit = Self.named + 1
        if !isEnd { filter.after = TaskCursor(last: TaskID(high: high, low: low)).description }
        return try await client.tasks(filter).tasks.map(\.id).filter { first <= $0 && $0 <= last }
    }
}

/// One call for each of several tasks.
enum ManyTasks {
    /// Calls `body` for each task, in order, and goes on when one is refused: that is told at once, and the
    /// exit code is that of the first refusal. An error that would meet all others too ends it.
    static func each(_ ids: [TaskID], _ body: (TaskID, Int) async throws -> Void) async throws {
        var first: CommandExit?
        var refused = 0
        for (index, id) in ids.enumerated() {
            do {
                try await body(id, index)
            } catch let error as QueueClientError where [.refused, .noSuchTask].contains(error.exit) {
                StandardError.report("\(id): \(error.advice)")
                first = first ?? error.exit
                refused += 1
            }
        }
        guard let first else { return }
        if ids.count > 1 { StandardError.write("xqueue: \(refused) of \(ids.count) tasks were refused\n") }
        throw first.code
    }
}
