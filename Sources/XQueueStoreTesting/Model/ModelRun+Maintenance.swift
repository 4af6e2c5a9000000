import XQueueCore
import XQueueTesting

extension ModelRun {
    mutating func advanceTime() async throws {
        clock.advance(by: scenario.pause())
        // Half of the time there is no immediate sweep: verbs must work on overdue tasks, too.
        if random.chance(50) { try await sweep() }
    }

    /// Sets the clock. Sometimes it is soon corrected, like a clock that was wrong.
    mutating func setClock() async throws {
        let step = scenario.clockStep()
        clock.step(by: step)
        if store.capabilities.contains(.followsClockSteps) { model.rebase(by: step) }
        // A store notices the step at its next change.
        try await sweep()
    }

    private mutating func sweep() async throws {
        let limit = random.chance(30) ? 1 + random.below(4) : 1000
        let draw = SweepDraw(random)
        begin("sweep \(limit)")
        let due = model.due(at: now)
        let result = try await store.sweep(limit: limit, draw: draw)
        try require(result.changed, equals: min(limit, due.count))
        let stored = Dictionary(uniqueKeysWithValues: try await allRecords().map { ($0.id, $0) })
        var latestTaken = Timestamp(milliseconds: .min)
        var earliestLeft = Timestamp.distantFuture
        for record in due {
            guard let dueAt = record.dueAt else { continue }
            // Waiting tasks may move between ready and parked, so only changes made by expiry are compared.
            let isLeft = stored[record.id]?.dueAt == dueAt && stored[record.id]?.status == record.status
            if isLeft {
                earliestLeft = min(earliestLeft, dueAt)
            } else {
                latestTaken = max(latestTaken, dueAt)
                _ = model.take(.expire(draw: draw.draw(for: record.id)), record.id, at: now)
            }
        }
        try require(latestTaken <= earliestLeft, "left a task that was due before one it took")
        try await compare()
        try require(result.nextDueIn, equals: model.nextDue.map { max($0 - now, .zero) })
    }

    mutating func prune() async throws {
        let retention = Retention(
            age: .milliseconds(random.below(60_000) * 10 + 5), count: 20 + random.below(100))
        let limit = random.chance(30) ? 1 + random.below(5) : 1000
        begin("prune \(retention), \(limit)")
        let ended = model.records.values.filter { $0.status.isFinal }
        // A task of exactly this age may be removed or kept.
        let boundary = now + (.zero - retention.age)
        let old = ended.count { ($0.completedAt ?? now) < boundary }
        let onBoundary = ended.count { $0.completedAt == boundary }
        let removed = try await store.prune(retention, limit: limit)
        let beyond = ended.count - retention.count
        let least = min(limit, max(old, beyond, 0))
        let most = min(limit, max(old + onBoundary, beyond, 0))
        try require((least...most).contains(removed), "removed \(removed), expected \(least) to \(most)")
        let kept = Set(try await allRecords().map(\.id))
        let gone = ended.filter { !kept.contains($0.id) }
        try require(gone.count, equals: removed)
        let young = ended.filter { ($0.completedAt ?? now) > boundary }
        let youngGone = young.filter { !kept.contains($0.id) }
        try require(
            youngGone.isEmpty || ended.count - young.count == removed - youngGone.count,
            "removed a young task and kept one that is too old")
        // The oldest task may be the one created first or the one that ended first, as the store chooses.
        let byID = young.sorted { $0.id < $1.id }.prefix(youngGone.count)
        let latest = youngGone.compactMap(\.completedAt).max() ?? now
        let earlierKept = young.contains { kept.contains($0.id) && ($0.completedAt ?? now) < latest }
        try require(
            Set(byID.ids) == Set(youngGone.ids) || !earlierKept, "kept a task older than one it removed")
        for record in gone { model.remove(record) }
        try await compare()
    }
}
