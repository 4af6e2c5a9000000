import Logging
import ServiceLifecycle
import UnixSignals
import XQueue
import XQueueSQLite
import XQueueServer

#if Redis
import XQueueRedis
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A node whose handlers are written in Swift: the library embedded in a program, as its users do it.
///
/// `scripts/chaos` starts it beside `xqueue serve`; its flags are those settings of `xqueue serve` that it needs, and
/// `--diary`.
@main
struct ChaosNode {
    static func main() async {
        let logger = Logger(label: "chaos-node")
        do {
            try await run(logger)
        } catch {
            // An error that leaves `main` is a trap, which would look like a crash.
            logger.critical("Cannot run", metadata: ["error": "\(error)"])
            exit(Self.failure)
        }
    }

    /// The exit status of `xqueue serve` if its store cannot be opened.
    private static let failure: Int32 = 73

    private static func run(_ logger: Logger) async throws {
        let options = try NodeOptions(Array(CommandLine.arguments.dropFirst()))
        let store = try await open(options, logger)
        let manager = TaskManager(store: store, configuration: try options.queue, logger: logger)
        let diary = try Diary(path: options.text("diary"))
        for (type, limit) in [("swift.plain", nil), ("swift.limited", 3)] {
            let handler = ChaosHandler(diary: diary, worker: "swift-\(diary.processID)")
            try manager.register(type, maxConcurrency: limit) { task in try await handler.handle(task) }
        }
        let server = QueueServer(manager: manager, configuration: try options.server, logger: logger)
        // They shut down in reverse order: no new requests arrive while running tasks finish.
        let group = ServiceGroup(
            services: [manager, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }

    /// Opens the store, and waits for it for a minute, as `xqueue serve` does.
    private static func open(_ options: NodeOptions, _ logger: Logger) async throws -> any Store {
        let start = ContinuousClock.now
        while true {
            do {
                return try await openOnce(options, logger)
            } catch {
                guard ContinuousClock.now - start < .seconds(60) else { throw error }
                logger.notice("Waiting for the store", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    private static func openOnce(_ options: NodeOptions, _ logger: Logger) async throws -> any Store {
        #if Redis
        if let redis = try options.redis() {
            return try await RedisStore(configuration: redis, logger: logger)
        }
        #endif
        return try SQLiteStore(path: options.text("store-path"))
    }
}
