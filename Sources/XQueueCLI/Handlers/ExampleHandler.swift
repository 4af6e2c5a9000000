import Synchronization
import SystemPackage
import XQueue
import XQueueCore

/// The built-in task type `example`, which demonstrates every feature of the queue with curl alone.
///
/// Its payload may have `message`, `duration_ms`, `steps`, `fail_times` and `ignore_cancel`; its result is
/// `{"message": …}`. Any other payload fails permanently, with an error that lists the allowed members.
struct ExampleHandler: Sendable {
    static let type = "example"

    /// Records the start and end of every attempt; nil if no journal is configured.
    let journal: ExampleJournal?

    func handle(_ task: TaskContext<RawJSON>) async throws -> RawJSON? {
        let request = try ExampleRequest(task.payload)
        try journal?.write(.start, task)
        do {
            try await work(request, task)
            if task.attempt <= request.failTimes {
                throw TaskFailure("attempt \(task.attempt) fails: fail_times is \(request.failTimes)")
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
        // An unstructured Swift task is not canceled with this one; it ends when the time has elapsed.
        await Task { try? await Task.sleep(for: duration) }.value
    }
}

/// A file that records what the `example` handler did, to check after killing the program which attempts ran, how often,
/// and simultaneously with which others.
///
/// Each line is `start|fail|end MILLISECONDS TASK-ID ATTEMPT`, appended with a single write, which survives even if the
/// process is killed right after it.
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
