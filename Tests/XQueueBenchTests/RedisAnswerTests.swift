#if Redis

import Testing

@testable import XQueueBench

/// Parsing output of the Redis server and `redis-benchmark`.
@Suite struct RedisAnswerTests {
    @Test func readsNumbersFromInfo() {
        let info = RedisInfo("# CPU\r\nused_cpu_sys:1.5\r\nused_cpu_user:2.25\r\nrole:master\r\n")
        #expect(info["used_cpu_sys"] == 1.5)
        #expect(info["used_cpu_user"] == 2.25)
        #expect(info["role"] == nil)
        #expect(info["missing"] == nil)
    }

    @Test func computesTheDifferenceOfTwoInfos() {
        let before = RedisInfo("cmdstat_get:calls=10,usec=20,usec_per_call=2.00\r\n")
        let after = RedisInfo(
            """
            cmdstat_get:calls=30,usec=60,usec_per_call=2.00\r
            cmdstat_zadd:calls=5,usec=100,usec_per_call=20.00\r
            """)
        let costs = after.costs(since: before, tasks: 10)
        #expect(costs.map(\.name) == ["zadd", "get"])
        #expect(costs.map(\.callsPerTask) == [0.5, 2])
        #expect(costs.map(\.microsecondsPerTask) == [10, 4])
    }

    @Test func readsTheRateOfRedisBenchmark() {
        let text = """
            "test","rps","avg_latency_ms","min_latency_ms"
            "lpush a b","871080.12","0.051","0.032"
            """
        #expect(RedisFloorBench.rate(inCSV: text) == 871080.12)
        #expect(RedisFloorBench.rate(inCSV: "Could not connect") == nil)
        #expect(RedisFloorBench.rate(inCSV: "") == nil)
    }
}

#endif
