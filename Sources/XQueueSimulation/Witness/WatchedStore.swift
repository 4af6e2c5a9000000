import XQueueCore

/// The store as one process sees it, with the witness beside it.
final class WatchedStore: StoreDecorator, @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    let base: any Store
    private let process: String
    private let witness: Witness

    init(_ base: any Store, _ process: String, _ witness: Witness) {
        self.base = base
        self.process = process
        self.witness = witness
    }

    func call<Value: Sendable>(
        _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        witness.called(verb, by: process)
        witness.count(process)
        return try await body()
    }

    func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        let witness = witness
        return try await call(.settle) { () async throws(StoreError) in
            witness.settling = Set(settlements.map(\.attempt))
            defer { witness.settling = nil }
            return try await base.settle(settlements)
        }
    }

    func sweep(
        limit: Int, draw: SweepDraw, within time: @escaping @Sendable () -> Duration
    ) async throws(StoreError) -> SweepResult {
        let result = try await call(.sweep) { () async throws(StoreError) in
            try await base.sweep(limit: limit, draw: draw, within: time)
        }
        if result.changed == 0 { witness.countEmptySweep(process) }
        return result
    }

    func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError) {
        try await call(.register) { () async throws(StoreError) in
            try await base.register(node, lifetime: lifetime)
        }
        witness.registeredAt[node.id] = witness.time
    }
}

extension Witness {
    /// More calls a second than so many mean that a node, which runs four tasks at most, does not wait between them.
    private static let maxCalls = 1000
    private static let maxEmptySweeps = 40

    func count(_ process: String) {
        let count = current(process) { $0.calls += 1 }
        if count.calls > Self.maxCalls { fail(.busyLoop, "\(process): \(count.calls) calls in a second") }
    }

    func countEmptySweep(_ process: String) {
        let count = current(process) { $0.emptySweeps += 1 }
        if count.emptySweeps > Self.maxEmptySweeps {
            fail(.emptySweeps, "\(process): \(count.emptySweeps) in a second")
        }
    }

    private func current(_ process: String, _ change: (inout CallCount) -> Void) -> CallCount {
        let second = time / 1_000_000_000
        var count = calls[process] ?? CallCount()
        if count.second != second { count = CallCount(second: second) }
        change(&count)
        calls[process] = count
        return count
    }
}
