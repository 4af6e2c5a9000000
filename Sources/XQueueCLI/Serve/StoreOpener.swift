import Foundation
import Logging
import XQueueCore
import XQueueSQLite

#if Redis
import XQueueRedis
#endif

/// Opens the store the configuration names: Redis if it says where that is, or else a file.
struct StoreOpener {
    let values: ServeConfiguration
    let logger: Logger

    /// Where the tasks are kept, for people; without any password.
    var place: String {
        guard values.redis.isUsed else { return values.storePath }
        #if Redis
        if let sentinels = values.redis.sentinel.addresses {
            return "redis \(values.redis.sentinel.primaryName), by the Sentinels \(sentinels)"
        }
        if let address = (try? values.redis.clientConfiguration())?.address { return "redis \(address)" }
        #endif
        return "redis"
    }

    /// - Parameter patience: How long to wait for a Redis that is not there yet.
    /// - Throws: ``StoreError``, or `CancellationError` if the Swift task is canceled while it waits.
    func open(waiting patience: Duration = .zero) async throws -> any TaskStore {
        guard values.redis.isUsed else { return try openFile() }
        #if Redis
        guard let configuration = try values.redis.clientConfiguration() else { return try openFile() }
        var options = RedisStoreOptions()
        options.maxBacklog = values.store.maxBacklog
        options.maxTypes = values.store.maxTypes
        options.events = values.store.events
        options.maxWaitingCalls = values.store.maxWaitingWrites
        return try await open(configuration, options, patience)
        #else
        throw ConfigurationError(
            .configuration, ["redis.addr: this program was built without Redis (package trait Redis)"])
        #endif
    }

    #if Redis
    /// How often somebody who waits for Redis is told so.
    private static let noticeInterval = Duration.seconds(10)

    private func open(
        _ configuration: RedisConfiguration, _ options: RedisStoreOptions, _ patience: Duration
    ) async throws -> RedisStore {
        let start = ContinuousClock.now
        var pause = Duration.milliseconds(100)
        var noticed: Duration?
        while true {
            do throws(StoreError) {
                let store = try await RedisStore(
                    configuration: configuration, options: options, logger: logger)
                if noticed != nil { logger.notice("Redis answers", metadata: ["redis": "\(place)"]) }
                return store
            } catch {
                try Task.checkCancellation()
                let waited = ContinuousClock.now - start
                guard (error.cause as? RedisError)?.mayPass == true, waited < patience else {
                    throw StoreError(error.code, "cannot use \(place): \(error.message)", cause: error)
                }
                if noticed.map({ waited - $0 >= Self.noticeInterval }) ?? true {
                    noticed = waited
                    logger.notice(
                        "Waiting for Redis",
                        metadata: [
                            "redis": "\(place)", "error": "\(error.message)",
                            "seconds_left": "\((patience - waited).components.seconds)",
                        ])
                }
                try await Task.sleep(for: min(pause, patience - waited))
                pause = min(pause * 2, .seconds(1))
            }
        }
    }
    #endif

    private func openFile() throws -> SQLiteStore {
        let path = values.storePath
        let folder = URL(filePath: path).deletingLastPathComponent()
        do {
            try Self.makeFolder(folder)
        } catch {
            throw StoreError(
                .unavailable,
                "cannot make the folder of the store, \(folder.path): \(Self.reason(of: error))",
                cause: error)
        }
        do throws(StoreError) {
            return try SQLiteStore(path: path, options: values.store)
        } catch {
            throw StoreError(error.code, "cannot use the store \(path): \(error.message)", cause: error)
        }
    }

    /// Makes the folder, if there is none, for this user alone: payloads are nobody else's business.
    private static func makeFolder(_ folder: URL) throws {
        guard !FileManager.default.fileExists(atPath: folder.path) else { return }
        let parent = folder.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    private static func reason(of error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let underlying, underlying.domain == NSPOSIXErrorDomain else {
            return error.localizedDescription
        }
        return String(cString: strerror(Int32(underlying.code)))
    }
}
