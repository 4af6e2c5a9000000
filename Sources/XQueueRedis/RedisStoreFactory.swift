#if Redis

public import Logging
public import XQueueCore

/// Opens a ``RedisStore``.
public struct RedisStoreFactory: StoreFactory {
    public let name = "redis"
    private let configuration: RedisConfiguration
    private let logger: Logger

    /// - Parameters:
    ///   - configuration: The connection settings.
    ///   - logger: Logs lost and restored connections.
    public init(_ configuration: RedisConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    public var place: String {
        guard let sentinel = configuration.sentinel else { return "redis \(configuration.address)" }
        let addresses = sentinel.addresses.map { "\($0)" }.joined(separator: ",")
        return "redis \(sentinel.primaryName), via Sentinels \(addresses)"
    }

    public func open(_ limits: StoreLimits) async throws(StoreError) -> any Store {
        do throws(StoreError) {
            return try await RedisStore(configuration: configuration, limits: limits, logger: logger)
        } catch {
            throw StoreError(error.code, "cannot use \(place): \(error.message)", cause: error.cause)
        }
    }

    public func isTransient(_ error: StoreError) -> Bool {
        (error.cause as? RedisError)?.isTransient == true
    }
}

#endif
