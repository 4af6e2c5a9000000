import Foundation
import Synchronization

/// Many seeds, one after another, on several threads.
package final class SeedRun: Sendable {
    /// What the runs of all seeds have come to.
    package struct Report: Sendable {
        package var seeds = 0
        package var simulated = Duration.zero
        package var jobs = 0
        package var calls = 0
        /// The violation of the smallest seed.
        package var failure: (seed: UInt64, outcome: SimulationOutcome)?
    }

    private struct State {
        var nextSeed: UInt64
        var report = Report()
    }

    private let last: UInt64
    private let deadline: ContinuousClock.Instant?
    private let fault: PlantedFault?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - seeds: Which seeds to run, in this order.
    ///   - limit: Maximum real time; seeds that are left then are not run.
    ///   - fault: A mistake that every node makes.
    package init(
        _ seeds: ClosedRange<UInt64>, within limit: Duration? = nil, planting fault: PlantedFault? = nil
    ) {
        last = seeds.upperBound
        deadline = limit.map { ContinuousClock.now + $0 }
        self.fault = fault
        state = Mutex(State(nextSeed: seeds.lowerBound))
    }

    /// Runs the seeds until a promise is broken, and returns when all threads have stopped.
    package func run(threads: Int = ProcessInfo.processInfo.activeProcessorCount) -> Report {
        SimulationThread.runAndWait(max(threads, 1)) { _ in
            while let seed = self.takeSeed() {
                self.add(Simulation.run(Plan(seed: seed), planting: self.fault), of: seed)
            }
        }
        return state.withLock { $0.report }
    }

    private func takeSeed() -> UInt64? {
        if let deadline, ContinuousClock.now >= deadline { return nil }
        return state.withLock { state in
            guard state.report.failure == nil, state.nextSeed <= last else { return nil }
            defer { state.nextSeed += 1 }
            return state.nextSeed
        }
    }

    private func add(_ outcome: SimulationOutcome, of seed: UInt64) {
        state.withLock { state in
            state.report.seeds += 1
            state.report.simulated += outcome.time
            state.report.jobs += outcome.jobs
            state.report.calls += outcome.calls
            guard outcome.violation != nil, seed < state.report.failure?.seed ?? .max else { return }
            state.report.failure = (seed, outcome)
        }
    }
}
