import Logging
import XQueueCore
import XQueueSQLite

#if Redis
import XQueueRedis
#endif

/// Opens the configured store.
struct StoreOpener {
    /// The stores of this program, in order of precedence; the first configured one is used.
    private static let stores: [@Sendable (ServeConfiguration, Logger) throws -> (any StoreFactory)?] = [
        { try $0.redis.factory($1) },
        { values, _ in SQLiteStoreFactory(path: values.storePath, maxFileBytes: values.store.maxFileBytes) },
    ]

    /// How often waiting for the store is logged.
    private static let noticeInterval = Duration.seconds(10)

    private let factory: any StoreFactory
    private let limits: StoreLimits
    private let logger: Logger

    /// Chooses the store without opening it.
    ///
    /// - Parameters:
    ///   - values: The configuration.
    ///   - logger: Logs that the program waits for the store.
    /// - Throws: ``ConfigurationError`` if a value cannot be used.
    init(values: ServeConfiguration, logger: Logger) throws {
        for store in Self.stores {
            guard let factory = try store(values, logger) else { continue }
            self.factory = factory
            limits = values.store.limits
            self.logger = logger
            return
        }
        throw ConfigurationError(.configuration, ["no store is configured"])
    }

    /// Where the tasks are stored, for people; without passwords.
    var place: String { factory.place }

    /// - Parameter patience: How long to wait for an unreachable store.
    /// - Throws: ``StoreError``, or `CancellationError` if the Swift task is canceled while it waits.
    func open(waiting patience: Duration = .zero) async throws -> any Store {
        let start = ContinuousClock.now
        var pause = Duration.milliseconds(100)
        var noticed: Duration?
        while true {
            do throws(StoreError) {
                let store = try await factory.open(limits)
                if noticed != nil { logger.notice("The store is reachable", metadata: ["store": "\(place)"]) }
                return store
            } catch {
                try Task.checkCancellation()
                let waited = ContinuousClock.now - start
                guard factory.isTransient(error), waited < patience else { throw error }
                if noticed.map({ waited - $0 >= Self.noticeInterval }) ?? true {
                    noticed = waited
                    logger.notice(
                        "Waiting for the store",
                        metadata: [
                            "store": "\(place)", "error": "\(error.message)",
                            "seconds_left": "\((patience - waited).components.seconds)",
                        ])
                }
                try await Task.sleep(for: min(pause, patience - waited))
                pause = min(pause * 2, .seconds(1))
            }
        }
    }
}
