import CoreMetrics
import Logging
import Synchronization
import XQueueCore

/// A record and its task.
struct IntakeEntry {
    let record: IntakeRecord
    let task: NewTask
}

extension IntakeFeeder {
    /// Decodes the records' tasks; records without a valid task are set aside.
    func check(_ records: [IntakeRecord]) async throws -> [IntakeEntry] {
        var entries: [IntakeEntry] = []
        entries.reserveCapacity(records.count)
        var rejected: [RejectedRecord] = []
        for record in records where !record.isStored {
            do throws(QueueError) {
                entries.append(IntakeEntry(record: record, task: try decoder.task(record)))
            } catch {
                rejected.append(RejectedRecord(record, reason: error.message))
            }
        }
        try await takeOutFuture(&entries, &rejected)
        if !rejected.isEmpty { try await reject(rejected) }
        return entries
    }

    /// Rejects entries whose identifiers are dated too far ahead. Before rejecting one, asks the store for the time,
    /// since this node's estimate may be out of date.
    private func takeOutFuture(
        _ entries: inout [IntakeEntry], _ rejected: inout [RejectedRecord]
    ) async throws {
        await storeTime.prepare(waits: false)
        var now = storeTime.now()
        guard entries.contains(where: { $0.task.id.isTooFarAhead(of: now) }) else { return }
        now = try await storeNow()
        var rest: [IntakeEntry] = []
        rest.reserveCapacity(entries.count)
        for entry in entries {
            do throws(QueueError) {
                try entry.task.id.checkTime(by: now, madeBy: "producer")
                rest.append(entry)
            } catch {
                rejected.append(RejectedRecord(entry.record, reason: error.message))
            }
        }
        entries = rest
    }

    /// Returns the time by the store's clock, retrying until the store answers.
    private func storeNow() async throws -> Timestamp {
        var backOff = context.backOff(longest: .seconds(1))
        var hasHeld = false
        while true {
            do throws(StoreError) {
                let now = try await store.now()
                if hasHeld { resume() }
                return now
            } catch {
                guard error.code != .closed else { throw error }
                hasHeld = true
                try await hold(error, &backOff)
            }
        }
    }

    /// Sets records aside for good.
    func reject(_ records: [RejectedRecord]) async throws {
        try await intake.reject(records)
        state.withLock { $0.rejected += records.count }
        self.records.rejected.increment(by: records.count)
        for rejected in records {
            let origin = rejected.record.origin
            context.logger.warning(
                "Unusable message set aside",
                metadata: [
                    "reason": "\(rejected.reason)", "topic": "\(origin.log)",
                    "partition": "\(origin.part)", "offset": "\(origin.position)",
                ])
        }
    }
}
