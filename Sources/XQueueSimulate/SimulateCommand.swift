import ArgumentParser
import CSimulationHooks
import Foundation
import XQueueSimulation

@main
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xqueue-simulate",
        abstract: "Run a simulated cluster for many seeds, and check the queue's promises after every step.",
        discussion: """
            A broken promise is printed with its seed and with a smaller run that still breaks it; the exit code is 1. \
            The same seed and options always repeat the same run.
            """)

    @Option(help: "Number of seeds.")
    var seeds: UInt64 = 1000

    @Option(help: "The only seed to run.")
    var seed: UInt64?

    @Option(help: "First seed.")
    var first: UInt64 = 1

    @Option(help: "Maximum real time in seconds. (default: no limit)")
    var seconds: Double?

    @Option(help: "Number of threads. (default: one per processor)")
    var threads: Int?

    @Option(help: ArgumentHelp("A mistake for all nodes to make: \(Self.mistakes).", valueName: "mistake"))
    var plant: PlantedFault?

    @Option(help: ArgumentHelp("Only these tasks of the seed, or none.", valueName: "numbers"))
    var tasks: NumberList?

    @Option(help: ArgumentHelp("Only these faults of the seed, or none.", valueName: "numbers"))
    var faults: NumberList?

    @Option(help: ArgumentHelp("Only these schedules of the seed, or none.", valueName: "numbers"))
    var schedules: NumberList?

    @Option(help: "At most so many nodes.")
    var nodes: Int?

    @Option(help: "At most so many remote workers.")
    var workers: Int?

    @Option(help: "Another order of events for the same plan, from 0.")
    var order: Int?

    @Flag(help: "Print what happens in the seed's run, and the hash of its events.")
    var verbose = false

    private static var mistakes: String {
        PlantedFault.allCases.map(\.rawValue).joined(separator: ", ")
    }

    func validate() throws {
        guard seeds > 0, first <= UInt64.max - seeds else {
            throw ValidationError("--seeds must be 1 or more")
        }
        guard
            seed != nil
                || (tasks == nil && faults == nil && schedules == nil && nodes == nil && workers == nil
                    && order == nil
                    && !verbose)
        else {
            throw ValidationError(
                "--tasks, --faults, --schedules, --nodes, --workers, --order and --verbose need --seed")
        }
    }

    func run() throws {
        try restartWithFixedHashing()
        let succeeded = if let seed { runSeed(seed) } else { runSeeds() }
        // Seeds run alone in this process, so every job that others enqueue was theirs.
        if simulation_foreign_jobs() > 0 {
            print("\(simulation_foreign_jobs()) jobs have left the simulation's threads")
            throw ExitCode.failure
        }
        if !succeeded { throw ExitCode.failure }
    }

    // MARK: - Runs

    private func runSeeds() -> Bool {
        let run = SeedRun(
            first...(first + seeds - 1), within: seconds.map { .milliseconds(Int($0 * 1000)) },
            planting: plant)
        let start = ContinuousClock.now
        let report = run.run(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let time = max(Self.seconds(ContinuousClock.now - start), 0.001)
        print(
            String(
                format:
                    "%d seeds in %.1f s: %.0f seeds and %.0f simulated seconds per second; %d jobs, %d store calls",
                report.seeds, time, Double(report.seeds) / time, Self.seconds(report.simulated) / time,
                report.jobs,
                report.calls))
        guard let failure = report.failure else { return true }
        explain(failure.outcome, Plan(seed: failure.seed))
        return false
    }

    private func runSeed(_ seed: UInt64) -> Bool {
        let parts = PlanParts(
            tasks: tasks?.numbers, faults: faults?.numbers, schedules: schedules?.numbers, nodes: nodes,
            workers: workers, order: order ?? 0)
        let plan = Plan(seed: seed).keeping(parts)
        if verbose { plan.lines.forEach { print($0) } }
        let outcome = onThread { Simulation.run(plan, planting: plant) }
        if verbose {
            print(
                String(
                    format: "%.3f simulated seconds, %d jobs, %d store calls, hash %016llx",
                    Self.seconds(outcome.time),
                    outcome.jobs, outcome.calls, outcome.digest))
        }
        guard outcome.violation != nil else { return true }
        explain(outcome, plan)
        return false
    }

    private func explain(_ outcome: SimulationOutcome, _ plan: Plan) {
        guard let violation = outcome.violation else { return }
        print("seed \(plan.seed), \(violation)")
        guard let smaller = onThread({ Shrinker.shrink(plan, outcome, planting: plant) }),
            let violation = smaller.outcome.violation
        else { return }
        let planted = plant.map { " --plant \($0.rawValue)" } ?? ""
        print("A smaller run: xqueue-simulate --seed \(plan.seed)\(planted) \(smaller.parts.options)")
        for line in smaller.plan.lines { print("  \(line)") }
        print("  \(violation)")
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
        let box = ValueBox<Value>()
        SimulationThread.runAndWait(1) { _ in box.value = body() }
        guard let value = box.value else { preconditionFailure("the thread has not run") }
        return value
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    // MARK: - Hashing

    /// The order of sets and dictionaries differs from process to process, unless this variable is set when the process starts.
    private func restartWithFixedHashing() throws {
        let variable = "SWIFT_DETERMINISTIC_HASHING"
        guard ProcessInfo.processInfo.environment[variable] == nil else { return }
        setenv(variable, "1", 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv("/proc/self/exe", &arguments)
        throw ValidationError("could not restart with \(variable)=1: \(String(cString: strerror(errno)))")
    }
}

/// Carries a value from a thread that has ended.
private final class ValueBox<Value>: @unchecked Sendable {
    // Unchecked: the reader waits for the writer's thread.
    var value: Value?
}

extension PlantedFault: ExpressibleByArgument {}

/// Numbers separated by commas, or `none`.
struct NumberList: ExpressibleByArgument {
    let numbers: Set<Int>

    init?(argument: String) {
        if argument == "none" {
            numbers = []
            return
        }
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.allSatisfy({ $0 != nil }) else { return nil }
        numbers = Set(parts.compactMap { $0 })
    }
}
