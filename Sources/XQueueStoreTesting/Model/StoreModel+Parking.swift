import XQueueCore

extension StoreModel {
    /// The tasks that a store changed from ready to parked or back, to check a step by.
    struct ParkingChange {
        var parked: [TaskRecord] = []
        var unparked: [TaskRecord] = []
    }

    /// Adopts from `stored` which of the waiting tasks with a key are parked, and nothing else.
    ///
    /// How early a claim stops searching, and how many more parked tasks than needed a store makes ready, is up
    /// to the store; what it must not do is checked by ``parkingError(of:in:)``.
    mutating func adopt(_ stored: [TaskRecord]) -> ParkingChange {
        var change = ParkingChange()
        for record in stored {
            guard let mine = records[record.id], mine.concurrency != nil else { continue }
            if mine.isReady, record.isParked {
                records[record.id]?.pendingReason = .parked
                change.parked.append(mine)
            } else if mine.isParked, record.isReady {
                records[record.id]?.pendingReason = .ready
                change.unparked.append(mine)
            }
        }
        return change
    }

    /// What is wrong with the step `change`; nil if nothing is. `request` is the claim that caused it.
    func parkingError(of change: ParkingChange, in request: ClaimRequest?) -> String? {
        for record in change.parked {
            guard let request else { return "\(record.id) was parked outside of a claim" }
            guard request.shares.contains(where: { $0.types.contains(record.type) }) else {
                return "\(record.id) was parked by a claim that does not serve its type"
            }
            guard !hasToken(record) else { return "\(record.id) was parked although a token is free" }
        }
        let stillParked = records.values.filter(\.isParked)
        for record in change.unparked {
            guard request != nil || hasToken(record) else {
                return "\(record.id) became ready although no token is free"
            }
            let skipped = stillParked.first {
                $0.sharesLine(with: record) && $0.isBetter(than: record)
                    && $0.tokenLimit >= record.tokenLimit
            }
            if let skipped { return "\(record.id) became ready before \(skipped.id), which ranks higher" }
        }
        return stalled
    }

    /// A parked task that a free token should have made ready: otherwise it would be claimed too late, or
    /// never.
    private var stalled: String? {
        for record in records.values where record.isParked && hasToken(record) {
            let rivals = records.values.filter { $0.isReady && $0.sharesLine(with: record) }
            guard !rivals.isEmpty else {
                return "\(record.id) is parked, a token is free, and no task of its key and type is ready"
            }
            let ahead = rivals.count { $0.isBetter(than: record) }
            let held = held(key: record.concurrency?.key ?? "")
            guard held + ahead >= record.tokenLimit else {
                return "\(record.id) is parked, a token is free, and a later one would be claimed first"
            }
        }
        return nil
    }
}

extension TaskRecord {
    fileprivate var tokenLimit: Int { definition.concurrency?.limit ?? .max }

    fileprivate func sharesLine(with other: TaskRecord) -> Bool {
        definition.type == other.type && definition.concurrency?.key == other.concurrency?.key
    }

    fileprivate func isBetter(than other: TaskRecord) -> Bool {
        (other.priority, id) < (definition.priority, other.id)
    }
}
