/// Parts of a plan, named so that a run can be repeated with them alone. Nil means all.
package struct PlanParts: Sendable, Hashable {
    package var tasks: Set<Int>?
    package var faults: Set<Int>?
    package var schedules: Set<Int>?
    package var nodes: Int?
    package var workers: Int?
    /// See ``Plan/order``.
    package var order: Int

    package init(
        tasks: Set<Int>? = nil, faults: Set<Int>? = nil, schedules: Set<Int>? = nil, nodes: Int? = nil,
        workers: Int? = nil, order: Int = 0
    ) {
        self.schedules = schedules
        self.order = order
        self.tasks = tasks
        self.faults = faults
        self.nodes = nodes
        self.workers = workers
    }

    /// The options of `xqueue-simulate` that choose these parts.
    package var options: String {
        var options: [String] = []
        if let nodes { options.append("--nodes \(nodes)") }
        if let workers { options.append("--workers \(workers)") }
        if let tasks { options.append("--tasks \(Self.list(tasks))") }
        if let faults { options.append("--faults \(Self.list(faults))") }
        if let schedules { options.append("--schedules \(Self.list(schedules))") }
        if order != 0 { options.append("--order \(order)") }
        return options.joined(separator: " ")
    }

    private static func list(_ numbers: Set<Int>) -> String {
        numbers.isEmpty ? "none" : numbers.sorted().map(String.init).joined(separator: ",")
    }
}

extension Plan {
    /// The plan with some of its parts only. What is left happens at the same times.
    package func keeping(_ parts: PlanParts) -> Plan {
        var plan = self
        plan.order = parts.order
        plan.nodes = max(min(parts.nodes ?? nodes, nodes), 1)
        plan.workers = max(min(parts.workers ?? workers, workers), 0)
        if let kept = parts.tasks { plan.tasks.removeAll { !kept.contains($0.number) } }
        if let kept = parts.faults { plan.faults.removeAll { !kept.contains($0.number) } }
        if let kept = parts.schedules { plan.schedules.removeAll { !kept.contains($0.number) } }
        // Nobody would run them.
        if plan.workers == 0 { plan.tasks.removeAll { $0.type == Self.remoteType } }
        plan.faults.removeAll { fault in
            switch fault.machine {
            case .node(let number): number >= plan.nodes
            case .worker(let number): number >= plan.workers
            }
        }
        return plan
    }
}
