import Dispatch
import Foundation
import Logging
import NIOCore
import NIOPosix
import XQueue
import XQueueHandlers
import XQueueServer

/// Opens at the start what libraries would open when it is first used, and end the process if there is no file
/// descriptor left by then.
enum EarlyOpening {
    /// What an event loop has open.
    private static let ofOneLoop = 3
    /// For the log, the store, connections to brokers, and the timers and loops of libraries.
    private static let ofTheRest = 24
    /// With fewer than this many, hardly anything can run or connect.
    private static let few = 64

    /// - Throws: ``ConfigurationError`` if the limit of open files is too low for the program to start.
    static func open(_ values: ServeConfiguration) async throws {
        OpenFiles.raiseLimit()
        let needed = (values.servesHTTP ? 2 : 1) * System.coreCount * ofOneLoop + ofTheRest
        guard OpenFiles.hasRoom(for: needed) else {
            let limit = OpenFiles.limit.map { String($0) } ?? "?"
            throw ConfigurationError(
                .configuration,
                ["the limit of open files, \(limit), is too low: \(needed) must be free to start (ulimit -n)"]
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

    /// Dispatch has a descriptor for each clock that somebody waits by.
    private static func timers() async {
        try? await Task.sleep(for: .nanoseconds(1), clock: .continuous)
        try? await Task.sleep(for: .nanoseconds(1), clock: .suspending)
        try? await Task.sleep(nanoseconds: 1)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(wallDeadline: .now()) { continuation.resume() }
        }
    }

    /// Says what is left, once all is open that is there from the start.
    static func tell(_ logger: Logger, _ values: ServeConfiguration) {
        let free = OpenFiles.atStart
        guard free < few, let limit = OpenFiles.limit else { return }
        logger.warning(
            "Few file descriptors are free: connections will wait, and attempts fail when there are too few for them",
            metadata: ["limit": "\(limit)", "free": "\(free)"])
    }
}
