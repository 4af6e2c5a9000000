import XQueueCore

extension WriteSession {
    func settle(_ settlements: [Settlement]) throws -> [SettleOutcome] {
        try settlements.map { try settle($0) }
    }

    private func settle(_ settlement: Settlement) throws -> SettleOutcome {
        guard var task = try load(settlement.attempt.taskID) else { return .rejected(.notFound) }
        if let progress = settlement.progress, task.record.lease?.token == settlement.attempt.token {
            // Written together with the attempt's end.
            task.record.progress = progress
            events.add(.progress(progress), of: task.record, at: now)
        }
        switch try step(task, .settle(settlement.attempt.token, settlement.outcome)) {
        case .success(let record): return .settled(record.status, version: record.version)
        case .failure(let rejection): return .rejected(rejection)
        }
    }

    func heartbeat(_ attempts: [AttemptID], lease: Duration) throws -> [HeartbeatOutcome] {
        try attempts.map { attempt in
            guard let task = try load(attempt.taskID) else { return .lost }
            switch try step(task, .heartbeat(attempt.token, lease: lease)) {
            case .success(let record): return record.cancelRequestedAt == nil ? .held : .cancelRequested
            case .failure: return .lost
            }
        }
    }

    func report(_ reports: [ProgressReport]) throws {
        for report in reports {
            guard let task = try load(report.attempt.taskID) else { continue }
            // If this fails, the attempt has ended, and its progress no longer matters.
            if case .success(let record) = try step(task, .progress(report.attempt.token, report.progress)) {
                events.add(.progress(report.progress), of: record, at: now)
            }
        }
    }
}
