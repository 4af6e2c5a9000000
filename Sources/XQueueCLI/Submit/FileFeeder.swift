import XQueueClient
import XQueueCore

/// Takes lines from a file to the server, batch by batch, and notes what is through.
final class FileFeeder {
    /// How many bytes are sent at once, but for the last line; a server takes 1 MiB unless it is set
    /// otherwise, and what it does not take is sent in halves.
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

    /// Submits what is not through yet.
    ///
    /// - Throws: ``CommandError`` for a line that is not accepted, ``QueueClientError`` if the server is away for
    ///   too long. What is through then is in ``mark``.
    func feed() async throws {
        defer { progress.clear() }
        guard !mark.isComplete else { return }
        try await passOver()
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

    /// Reads what is through already, and makes sure that it is what was read then.
    private func passOver() async throws {
        while source.position.lines < mark.lines, try await source.next() != nil {}
        guard mark.lines > 0 else { return }
        guard source.position.lines == mark.lines, source.position.digest == mark.digest else {
            throw CommandError(
                .badInput,
                """
                the first \(mark.lines) lines of \(name) are not those that were submitted; --restart submits \
                the whole file
                """)
        }
    }

    /// - Parameter mistake: A line behind `lines` that is no task.
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

/// Brings lines to the server, all of them or up to one that it does not accept.
struct BatchSender: Sendable {
    /// What became of some lines.
    struct Outcome {
        var accepted = 0
        /// Those of the accepted that another task answers for.
        var answered = 0
        var mistakes: [TaskLine.Mistake] = []
    }

    let client: QueueClient
    /// Whether lines behind one that is not accepted are sent, too.
    let keepsGoing: Bool

    /// Sends the lines. A request is repeated while there is hope; the identifiers make that harmless.
    ///
    /// - Returns: What became of them; with a mistake, unless `keepsGoing`, nothing behind it was sent.
    /// - Throws: ``QueueClientError`` if the server cannot take any now.
    func send(_ lines: ArraySlice<TaskLine>) async throws -> Outcome {
        guard !lines.isEmpty else { return Outcome() }
        do {
            return try await accepted(lines)
        } catch let error as QueueClientError where error.status == 413 || error.field == "tasks" {
            // The server takes less at once than was sent.
            guard lines.count > 1 else { return mistake(lines[lines.startIndex], error.message) }
            let middle = lines.startIndex + lines.count / 2
            return try await send(lines[..<middle], then: lines[middle...])
        } catch let error as QueueClientError where error.status == 400 {
            guard let index = Self.index(error.field), index < lines.count else { throw error }
            let bad = lines.startIndex + index
            var outcome = try await send(lines[..<bad])
            outcome.add(mistake(lines[bad], Self.words(error, index)))
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
                .unexpected, "the server answered \(lines.count) tasks with \(answer.tasks.count)")
        }
        let answered = zip(lines, answer.tasks).count { line, task in task.id != line.id }
        return Outcome(accepted: lines.count, answered: answered)
    }

    private func mistake(_ line: TaskLine, _ message: String) -> Outcome {
        Outcome(mistakes: [TaskLine.Mistake(number: line.number, message: message)])
    }

    /// Which of the tasks an error is about: `tasks[17].priority`.
    static func index(_ field: String?) -> Int? {
        guard let field, field.hasPrefix("tasks[") else { return nil }
        return Int(field.dropFirst(6).prefix { $0 != "]" })
    }

    /// What the server said, without the place it gave the task.
    private static func words(_ error: QueueClientError, _ index: Int) -> String {
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
