#if Redis

import Testing
@testable import XQueueCLI
import XQueueRedis

@Suite("Redis settings")
struct RedisSettingsTests {
    private func load(_ environment: [String: String]) async throws -> ResolvedConfiguration {
        try await ConfigurationLoader(flags: [], environment: environment).load()
    }

    @Test func withoutAnAddressRedisIsNotUsed() async throws {
        let redis = try await load(["XQUEUE_REDIS_POOL_SIZE": "4"]).values.redis
        #expect(!redis.isUsed)
        #expect(try redis.clientConfiguration() == nil)
    }

    @Test func separateSettingsOverrideTheAddress() async throws {
        let redis = try await load([
            "XQUEUE_REDIS_ADDR": "rediss://one:first@host:7000/1", "XQUEUE_REDIS_PASSWORD": "second",
            "XQUEUE_REDIS_DB": "2", "XQUEUE_REDIS_TLS_VERIFY": "false",
        ]).values.redis
        let configuration = try #require(try redis.clientConfiguration())
        #expect(configuration.username == "one")
        #expect(configuration.password == "second")
        #expect(configuration.database == 2)
        #expect(configuration.tls?.verifies == false)
        #expect(configuration.address.description == "host:7000")
    }

    @Test func sentinelsAreAList() async throws {
        let redis = try await load([
            "XQUEUE_REDIS_SENTINEL_ADDRS": "one, two:7000", "XQUEUE_REDIS_SENTINEL_MASTER": "main",
        ]).values.redis
        let sentinel = try #require(try redis.clientConfiguration()?.sentinel)
        #expect(sentinel.addresses.map(\.description) == ["one:26379", "two:7000"])
        #expect(sentinel.primaryName == "main")
    }

    @Test func noListingAndNoMessageShowsAPassword() async throws {
        for address in ["redis://u:hunter2@host", "redis://u:hunter2@host:none"] {
            let resolved = try await load([
                "XQUEUE_REDIS_ADDR": address, "XQUEUE_REDIS_PASSWORD": "hunter2",
                "XQUEUE_REDIS_SENTINEL_PASSWORD": "hunter2",
            ])
            let listing = ConfigurationListing.values(of: resolved)
            #expect(!listing.contains("hunter2"))
            #expect(listing.contains("redis://(set)@host"))
            do throws(ConfigurationError) {
                _ = try resolved.values.redis.clientConfiguration()
            } catch {
                #expect(!error.description.contains("hunter2"))
                #expect(error.description.contains("port"))
            }
        }
    }
}

#endif
