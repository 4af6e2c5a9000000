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
    /// - Throws: ``CommandError`` for a line that is not accepted, ``ClientError`` if the server is away for
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
