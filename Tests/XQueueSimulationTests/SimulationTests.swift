import Testing
import XQueueSimulation

@Suite("Simulation")
struct SimulationTests {
    @Test("no promise is broken", arguments: [1, 2, 3, 5, 8, 13, 21, 34, 55, 99] as [UInt64])
    func holds(seed: UInt64) async {
        let outcome = await SimulationThread.run { Simulation.run(Plan(seed: seed)) }
        #expect(outcome.violation == nil, "seed \(seed)")
        #expect(outcome.calls > 20, "the run was too idle to show anything")
    }

    @Test("a planted mistake is found within 1,000 seeds, and shrunk", arguments: PlantedFault.allCases)
    func finds(_ fault: PlantedFault) async throws {
        let report = await SimulationThread.run { SeedRun(1...1000, planting: fault).run(threads: 1) }
        let (seed, outcome) = try #require(report.failure, "\(fault.rawValue) was not found")
        let plan = Plan(seed: seed)
        let smaller = await SimulationThread.run {
            Shrinker.shrink(plan, outcome, planting: fault, maxRuns: 60)
        }
        let found = try #require(smaller)
        #expect(found.outcome.violation?.rule == outcome.violation?.rule)
        #expect(found.plan.tasks.count + found.plan.faults.count <= plan.tasks.count + plan.faults.count)
    }
}
