import ArgumentParser
import Testing

@testable import XQueueBench

#if Redis
import XQueueRedis
#endif

/// Runs every phase once with few tasks; the measured numbers are meaningless here.
@Suite struct BenchRunTests {
    private func options(_ arguments: String...) throws -> BenchOptions {
        let few = ["--tasks", "300", "--backlog", "500", "--payload", "10"]
        return try BenchCommand.parse(arguments + few).options
    }

    private func expectSound(_ results: [BenchResult]) {
        #expect(!results.isEmpty)
        for result in results {
            #expect(result.tasks > 0)
            #expect(result.rate > 0)
        }
    }

    @Test(arguments: [BenchPhase.floor, .submit, .drain, .endToEnd])
    func sqlite(_ phase: BenchPhase) async throws {
        let folder = try BenchFolder(nil)
        defer { folder.remove() }
        let bench = SQLiteBench(options: try options(), folder: folder, bar: ProgressBar())
        expectSound(try await bench.run(phase, floor: nil))
    }

    #if Redis
    @Test(arguments: [BenchPhase.submit, .drain, .endToEnd, .batches, .backlog, .prune])
    func redis(_ phase: BenchPhase) async throws {
        let options = try options("--store", "redis")
        let folder = try BenchFolder(nil)
        defer { folder.remove() }
        try await BenchServer.use(options, folder) { server in
            let bench = RedisBench(options: options, server: server, bar: ProgressBar())
            let results = try await bench.run(phase, floor: nil)
            expectSound(results)
            for result in results { #expect(result.serverCPUSeconds != nil) }
            try await server.clear()
            #expect(try await server.send(RedisCommand("DBSIZE")) == .integer(0))
        }
    }
    #endif
}
