import Dispatch
import Foundation
import Logging
import NIOCore
import NIOPosix
import XQueue
import XQueueHandlers
import XQueueServer

/// Opens at startup what libraries would open on first use, where they crash if no file descriptor is left.
enum EarlyOpening {
    /// Descriptors of an event loop.
    private static let perLoop = 3
    /// Descriptors of the log, the store, connections to brokers, and the timers and loops of libraries.
    private static let others = 24
    /// With fewer free descriptors than this, hardly anything can run or connect.
    private static let few = 64

    /// - Throws: ``ConfigurationError`` if the open file limit is too low for the program to start.
    static func open(_ values: ServeConfiguration) async throws {
        OpenFiles.raiseLimit()
        let needed = (values.servesHTTP ? 2 : 1) * System.coreCount * perLoop + others
        guard OpenFiles.hasRoom(for: needed) else {
            let limit = OpenFiles.limit.map { String($0) } ?? "?"
            throw ConfigurationError(
                .configuration,
                ["open file limit \(limit) is too low: \(needed) descriptors must be free (ulimit -n)"]
            )
        }
        if values.servesHTTP { QueueServer.makeLoops() }
        await timers()
        guard values.queue.runsWorkers else { return }
        if values.handlers.contains(where: { $0.webhook != nil }) {
            _ = MultiThreadedEventLoopGroup.singleton
        }
        if values.handlers.contains(where: { $0.program != nil }) { await ExecHandler.prepare() }
    }

    /// Dispatch opens a descriptor for each clock that is waited on.
    private static func timers() async {
        try? await Task.sleep(for: .nanoseconds(1), clock: .continuous)
        try? await Task.sleep(for: .nanoseconds(1), clock: .suspending)
        try? await Task.sleep(nanoseconds: 1)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(wallDeadline: .now()) { continuation.resume() }
        }
    }

    /// Warns if few descriptors are left once everything that starts with the program is open.
    static func warnIfFewAreLeft(_ logger: Logger) {
        let free = OpenFiles.atStart
        guard free < few, let limit = OpenFiles.limit else { return }
        logger.warning(
            "Few file descriptors are free: connections may have to wait, and attempts may fail",
            metadata: ["limit": "\(limit)", "free": "\(free)"])
    }
}
