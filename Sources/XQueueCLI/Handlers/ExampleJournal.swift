import Synchronization
import SystemPackage
import XQueue
import XQueueCore

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
