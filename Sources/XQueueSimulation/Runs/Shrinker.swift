/// Makes a failing run smaller, as long as it still breaks the same promise.
package struct Shrinker {
    /// How many orders to try for each smaller plan.
    private static let orders = 3

    private let plan: Plan
    private let fault: PlantedFault?
    private let rule: Violation.Rule
    private var runsLeft: Int
    private var parts: PlanParts
    private var outcome: SimulationOutcome

    /// A smaller run.
    package struct Result: Sendable {
        package let parts: PlanParts
        package let plan: Plan
        package let outcome: SimulationOutcome
    }

    /// Shrinks a run on the calling thread.
    ///
    /// - Parameters:
    ///   - plan: What happens in the run.
    ///   - outcome: Its outcome.
    ///   - fault: The mistake that was planted.
    ///   - maxRuns: How many smaller runs to try.
    /// - Returns: The smallest run found; nil if `outcome` is no violation.
    package static func shrink(
        _ plan: Plan, _ outcome: SimulationOutcome, planting fault: PlantedFault?, maxRuns: Int = 600
    ) -> Result? {
        guard let rule = outcome.violation?.rule else { return nil }
        var shrinker = Shrinker(plan, outcome, rule, fault, maxRuns)
        shrinker.shrink()
        return Result(
            parts: shrinker.parts, plan: plan.keeping(shrinker.parts), outcome: shrinker.outcome)
    }

    private init(
        _ plan: Plan, _ outcome: SimulationOutcome, _ rule: Violation.Rule, _ fault: PlantedFault?,
        _ maxRuns: Int
    ) {
        self.plan = plan
        self.outcome = outcome
        self.rule = rule
        self.fault = fault
        runsLeft = maxRuns
        parts = PlanParts(
            tasks: Set(plan.tasks.map(\.number)), faults: Set(plan.faults.map(\.number)),
            schedules: Set(plan.schedules.map(\.number)), nodes: plan.nodes, workers: plan.workers)
    }

    private mutating func shrink() {
        while let workers = parts.workers, workers > 0, attempt({ $0.workers = workers - 1 }) {}
        shrink(\.schedules)
        shrink(\.faults)
        shrink(\.tasks)
        while let nodes = parts.nodes, nodes > 1, attempt({ $0.nodes = nodes - 1 }) {}
        shrink(\.faults)
        shrink(\.tasks)
    }

    /// Leaves out ever smaller shares, and finally each element by itself.
    private mutating func shrink(_ path: WritableKeyPath<PlanParts, Set<Int>?>) {
        var share = max((parts[keyPath: path]?.count ?? 0) / 2, 1)
        while true {
            var rest = (parts[keyPath: path] ?? []).sorted()[...]
            while !rest.isEmpty {
                let taken = Set(rest.prefix(share))
                rest = rest.dropFirst(share)
                _ = attempt { $0[keyPath: path]?.subtract(taken) }
            }
            guard share > 1 else { return }
            share /= 2
        }
    }

    /// Keeps a change if the run still breaks the promise.
    private mutating func attempt(_ change: (inout PlanParts) -> Void) -> Bool {
        var smaller = parts
        change(&smaller)
        // What is left happens in another order anyway.
        for order in [parts.order] + (0..<Self.orders).filter({ $0 != parts.order }) where runsLeft > 0 {
            runsLeft -= 1
            smaller.order = order
            let outcome = Simulation.run(plan.keeping(smaller), planting: fault)
            guard outcome.violation?.rule == rule else { continue }
            (parts, self.outcome) = (smaller, outcome)
            return true
        }
        return false
    }
}
