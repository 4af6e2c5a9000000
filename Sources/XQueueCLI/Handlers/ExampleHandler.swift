import Synchronization
import SystemPackage
import XQueue
import XQueueCore

/// The built-in task type `example`, which makes every feature of the queue visible with curl alone.
///
/// Its payload may hold `message`, `duration_ms`, `steps`, `fail_times` and `ignore_cancel`; its result is
/// `{"message": …}`. A payload that holds anything else fails for good, and its error says what one may hold.
struct ExampleHandler: Sendable {
    static let type = "example"

    /// Where the start and the end of every attempt are written down, if anywhere.
    let journal: ExampleJournal?

    func handle(_ task: TaskContext<RawJSON>) async throws -> RawJSON? {
        let request = try ExampleRequest(task.payload)
        try journal?.write(.start, task)
        do {
            try await work(request, task)
            if task.attempt <= request.failTimes {
                throw TaskFailure("attempt \(task.attempt) fails, as \(request.failTimes) were asked to")
            }
        } catch {
            try journal?.write(.fail, task)
            throw error
        }
        try journal?.write(.end, task)
        var writer = JSONWriter()
        writer.object { $0.member("message", request.message) }
        return RawJSON(trusted: writer.text)
    }

    private func work(_ request: ExampleRequest, _ task: TaskContext<RawJSON>) async throws {
        let steps = max(request.steps, 1)
        for step in 1...steps {
            try await pause(request.duration / steps, ignoringCancel: request.ignoreCancel)
            guard request.steps > 0 else { continue }
            task.report(progress: 100 * Double(step) / Double(steps), message: "step \(step) of \(steps)")
        }
    }

    private func pause(_ duration: Duration, ignoringCancel: Bool) async throws {
        guard ignoringCancel else { return try await Task.sleep(for: duration) }
        // A Swift task of its own is not canceled with this one; it ends when the time is over.
        await Task { try? await Task.sleep(for: duration) }.value
    }
}

/// A file that holds what the `example` handler did, so that somebody who stops the program in the middle
/// can check afterwards what was done how often, and what at the same time.
///
/// Each line is `start|fail|end MILLISECONDS TASK-ID ATTEMPT`, and is appended with one write, which the
/// system keeps even if the process is killed right after it.
final class ExampleJournal: Sendable {
    enum Entry: String {
        case start, fail, end
    }

    private let file: FileDescriptor
    private let clock: any QueueClock
    /// Keeps the lines in the order of their times.
    private let turn = Mutex(())

    /// - Throws: ``Errno`` if the file cannot be opened.
    init(path: String, clock: any QueueClock = SystemQueueClock()) throws {
        file = try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.append, .create],
            permissions: FilePermissions(rawValue: 0o644))
        self.clock = clock
    }

    deinit {
        try? file.close()
    }

    func write(_ entry: Entry, _ task: TaskContext<RawJSON>) throws {
        try turn.withLock { _ in
            let line = "\(entry.rawValue) \(clock.now().milliseconds) \(task.id) \(task.attempt)\n"
            try file.writeAll(line.utf8)
        }
    }
}
