import XQueueCore

/// Brings lines to the server, all of them or up to one that it does not accept.
struct BatchSender: Sendable {
    /// What became of some lines.
    struct Outcome {
        var accepted = 0
        /// Those of the accepted that another task answers for.
        var answered = 0
        var mistakes: [TaskLine.Mistake] = []
    }

    let client: APIClient
    /// Whether lines behind one that is not accepted are sent, too.
    let keepsGoing: Bool

    /// Sends the lines. A request is repeated while there is hope; the identifiers make that harmless.
    ///
    /// - Returns: What became of them; with a mistake, unless `keepsGoing`, nothing behind it was sent.
    /// - Throws: ``ClientError`` if the server cannot take any now.
    func send(_ lines: ArraySlice<TaskLine>) async throws -> Outcome {
        guard !lines.isEmpty else { return Outcome() }
        do {
            return try await accepted(lines)
        } catch let error as ClientError where error.status == 413 || error.field == "tasks" {
            // The server takes less at once than was sent.
            guard lines.count > 1 else { return mistake(lines[lines.startIndex], error.description) }
            let middle = lines.startIndex + lines.count / 2
            return try await send(lines[..<middle], then: lines[middle...])
        } catch let error as ClientError where error.status == 400 {
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
        struct Answer: Decodable {
            let tasks: [Accepted]
            struct Accepted: Decodable { let id: String }
        }
        let body = "{\"tasks\":[\(lines.map(\.text).joined(separator: ","))]}"
        let reply = try await client.post("/tasks/batch", body: body, isRepeatable: true)
        let answer = try reply.decoded(Answer.self)
        guard answer.tasks.count == lines.count else {
            throw CommandError(
                .unexpected, "the server answered \(lines.count) tasks with \(answer.tasks.count)")
        }
        let answered = zip(lines, answer.tasks).count { line, task in TaskID(task.id) != line.id }
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
    private static func words(_ error: ClientError, _ index: Int) -> String {
        let place = "tasks[\(index)]: "
        let text = error.description
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
