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

    func open() async throws -> any TaskStore {
        guard values.redis.isUsed else { return try openFile() }
        #if Redis
        guard let configuration = try values.redis.clientConfiguration() else { return try openFile() }
        var options = RedisStoreOptions()
        options.maxBacklog = values.store.maxBacklog
        options.maxTypes = values.store.maxTypes
        options.events = values.store.events
        options.maxWaitingCalls = values.store.maxWaitingWrites
        do throws(StoreError) {
            return try await RedisStore(configuration: configuration, options: options, logger: logger)
        } catch {
            throw StoreError(error.code, "cannot use \(place): \(error.message)", cause: error)
        }
        #else
        throw ConfigurationError(
            .configuration, ["redis.addr: this program was built without Redis (package trait Redis)"])
        #endif
    }

    private func openFile() throws -> SQLiteStore {
        let path = values.storePath
        let folder = URL(filePath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
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

    private static func reason(of error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let underlying, underlying.domain == NSPOSIXErrorDomain else {
            return error.localizedDescription
        }
        return String(cString: strerror(Int32(underlying.code)))
    }
}
