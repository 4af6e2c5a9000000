import XQueueClient
import XQueueCore

/// Submits the lines of a file batch by batch, and records the progress.
final class FileFeeder {
    /// Bytes per batch, except for its last line. The server's default limit is 1 MiB; a batch that is too large is
    /// split in half.
    private static let batchBytes = 768 << 10

    private let source: LineSource
    private let state: SubmitState?
    private let sender: BatchSender
    private let name: String
    private let batch: Int
    private let run: SubmitRun
    private var progress: FileProgress
    private(set) var mark: SubmitState.Mark

    init(source: LineSource, state: SubmitState?, sender: BatchSender, name: String, batch: Int) {
        self.source = source
        self.state = state
        self.sender = sender
        self.name = name
        self.batch = batch
        run = state?.head.run ?? .begun()
        mark = state?.mark ?? SubmitState.Mark()
        progress = FileProgress(totalBytes: source.totalBytes)
    }

    /// Submits the remaining lines.
    ///
    /// - Throws: ``CommandError`` for a rejected line, ``QueueClientError`` if the server is unavailable for too long.
    ///   ``mark`` then has the progress.
    func feed() async throws {
        defer { progress.clear() }
        guard !mark.isComplete else { return }
        try await skipSubmitted()
        progress.begin(accepted: mark.accepted)
        var lines: [TaskLine] = []
        var bytes = 0
        while let line = try await source.next() {
            guard !line.text.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { continue }
            var mistake: TaskLine.Mistake?
            do throws(TaskLine.Mistake) {
                let task = try TaskLine(line, id: run.id(line: line.number))
                bytes += task.text.utf8.count + 1
                lines.append(task)
            } catch {
                mistake = error
            }
            guard lines.count >= batch || bytes >= Self.batchBytes || mistake != nil else { continue }
            try await send(lines, mistake)
            (lines, bytes) = ([], 0)
        }
        try await send(lines)
        mark.isComplete = true
        mark.set(source.position)
        try state?.note(mark)
    }

    /// Skips the lines that are submitted already, and checks that they have not changed.
    private func skipSubmitted() async throws {
        while source.position.lines < mark.lines, try await source.next() != nil {}
        guard mark.lines > 0 else { return }
        guard source.position.lines == mark.lines, source.position.digest == mark.digest else {
            throw CommandError(
                .badInput,
                """
                the first \(mark.lines) lines of \(name) have changed since they were submitted; --restart submits \
                the whole file again
                """)
        }
    }

    /// - Parameter mistake: A line after `lines` that is not a task.
    private func send(_ lines: [TaskLine], _ mistake: TaskLine.Mistake? = nil) async throws {
        let outcome = try await sender.send(lines[...])
        var mistakes = outcome.mistakes
        if let mistake, sender.keepsGoing || mistakes.isEmpty { mistakes.append(mistake) }
        mark.accepted += outcome.accepted
        mark.answered += outcome.answered
        if sender.keepsGoing {
            mark.refused += mistakes.count
            progress.clear()
            for mistake in mistakes {
                StandardError.write("\(name):\(mistake.number): \(mistake.message.visible)\n")
            }
        }
        let end = sender.keepsGoing ? nil : mistakes.first
        if let position = end.map({ end in lines.last { $0.number < end.number }?.end }) ?? source.position {
            mark.set(position)
        }
        try state?.note(mark)
        progress.show(bytes: mark.bytes, accepted: mark.accepted)
        if let end { throw CommandError(.badInput, "\(name):\(end.number): \(end.message)") }
    }
}

extension SubmitState.Mark {
    mutating func set(_ position: LineSource.Position) {
        lines = position.lines
        bytes = position.bytes
        digest = position.digest
    }
}

/// Submits lines, all of them or up to the first rejected one.
struct BatchSender: Sendable {
    /// The outcome of sending some lines.
    struct Outcome {
        var accepted = 0
        /// Accepted lines for which the server returned or changed an existing task with the same unique key.
        var answered = 0
        var mistakes: [TaskLine.Mistake] = []
    }

    let client: QueueClient
    /// Whether to continue after a rejected line.
    let keepsGoing: Bool

    /// Sends the lines. Requests are retried, which the tasks' identifiers make safe.
    ///
    /// - Returns: The outcome. Unless `keepsGoing`, it ends with the first mistake. What the server may have accepted after
    ///   it, because only a unique key was rejected, can be sent again.
    /// - Throws: ``QueueClientError`` if the server cannot accept any now.
    func send(_ lines: ArraySlice<TaskLine>) async throws -> Outcome {
        guard !lines.isEmpty else { return Outcome() }
        do {
            return try await accepted(lines)
        } catch let error as QueueClientError where error.status == 413 || error.field == "tasks" {
            // The batch is too large for the server.
            guard lines.count > 1 else { return mistake(lines[lines.startIndex], error.message) }
            let middle = lines.startIndex + lines.count / 2
            return try await send(lines[..<middle], then: lines[middle...])
        } catch let error as QueueClientError where error.status == 400 {
            guard let index = Self.index(error.field), index < lines.count else { throw error }
            let bad = lines.startIndex + index
            var outcome = try await send(lines[..<bad])
            outcome.add(mistake(lines[bad], Self.message(of: error, at: index)))
            guard keepsGoing else { return outcome }
            outcome.add(try await send(lines[(bad + 1)...]))
            return outcome
        }
    }

    private func send(
        _ first: ArraySlice<TaskLine>, then second: ArraySlice<TaskLine>
    ) async throws -> Outcome {
        var outcome = try await send(first)
        guard keepsGoing || outcome.mistakes.isEmpty else { return outcome }
        outcome.add(try await send(second))
        return outcome
    }

    private func accepted(_ lines: ArraySlice<TaskLine>) async throws -> Outcome {
        let answer = try await client.reply(to: .submit(bodies: lines.map(\.text), isRepeatable: true))
            .decoded()
        guard answer.tasks.count == lines.count else {
            throw CommandError(
                .unexpected, "the server replied with \(answer.tasks.count) tasks for \(lines.count) lines")
        }
        var outcome = Outcome()
        for (line, task) in zip(lines, answer.tasks) {
            if task.rejection != nil {
                let message = "task \(task.id) holds the unique key; it is \(task.status.rawValue)"
                outcome.add(mistake(line, message))
                guard keepsGoing else { break }
            } else {
                outcome.add(Outcome(accepted: 1, answered: task.id == line.id ? 0 : 1))
            }
        }
        return outcome
    }

    private func mistake(_ line: TaskLine, _ message: String) -> Outcome {
        Outcome(mistakes: [TaskLine.Mistake(number: line.number, message: message)])
    }

    /// Returns the index of the task that an error's field names, such as `tasks[17].priority`.
    static func index(_ field: String?) -> Int? {
        guard let field, field.hasPrefix("tasks[") else { return nil }
        return Int(field.dropFirst(6).prefix { $0 != "]" })
    }

    /// Returns the server's message without the task's position in the batch.
    private static func message(of error: QueueClientError, at index: Int) -> String {
        let place = "tasks[\(index)]: "
        let text = error.message
        return text.hasPrefix(place) ? String(text.dropFirst(place.count)) : text
    }
}

extension BatchSender.Outcome {
    mutating func add(_ other: BatchSender.Outcome) {
        accepted += other.accepted
        answered += other.answered
        mistakes += other.mistakes
    }
}
