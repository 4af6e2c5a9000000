import Testing
import XQueueCore
import XQueueTesting

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Thousands of random operations, on a store and on a simple model of it: both must agree on every result and,
/// after every operation, on every record. Halfway, the queue moves to another store.
public enum StoreModelTest {
    /// Seven fixed seeds, so that a change is judged by itself, and as many others as the environment's
    /// `XQUEUE_RANDOM_SEEDS`; only `XQUEUE_SEED` if that is set.
    public static var seeds: [UInt64] {
        func number(_ name: String) -> UInt64? {
            ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
        }
        if let seed = number("XQUEUE_SEED") { return [seed] }
        let random = SystemRandomSource()
        return Array(1...7) + (0..<(number("XQUEUE_RANDOM_SEEDS") ?? 0)).map { _ in random.next() >> 16 }
    }

    /// Runs `operations` operations drawn from `seed`. The first disagreement is thrown, and names the seed for
    /// repeating the run.
    public static func run(
        _ harness: StoreHarness, seed: UInt64, operations: Int = 2000
    ) async throws {
        print("model test of \(harness.name): XQUEUE_SEED=\(seed), \(operations) operations")
        let clock = ManualClock()
        let store = try await harness.makeStore(clock: clock)
        var run = ModelRun(store: store, clock: clock, seed: seed)
        do {
            for number in 0..<operations {
                if number == operations / 2 {
                    try await run.move(to: try await harness.makeStore(clock: clock))
                }
                try await run.step()
            }
        } catch {
            await run.store.close()
            throw error
        }
        #expect(run.claimed > operations / 10, "the run was too idle to show anything")
        await run.store.close()
    }
}
