import XQueue
import XQueueCore

@testable import XQueueServer

extension FuzzReader {
    /// The bodies that remote workers send. What the repair lets through without a change reads the same without it.
    static let leaseBody = FuzzReader("lease-body") { bytes in
        let text = JSONRepair.text(bytes)
        var isAccepted = (try? LeaseReader.request(text)) != nil
        if let batch = try? LeaseReader.batch(text, limit: 100) {
            isAccepted = true
            try require(batch.leases.count <= 100, "\(batch.leases.count) leases")
            for lease in batch.leases {
                try require(AttemptID(leaseID: lease.attempt.leaseID) == lease.attempt, "another lease")
                _ = try checkLease(lease.members)
            }
        }
        if let members = try? FieldReader.body(text) { isAccepted = try checkLease(members) || isAccepted }
        return isAccepted
    }

    /// Checks the members of a report about one lease.
    private static func checkLease(_ members: [JSONMember]) throws -> Bool {
        var isAccepted = false
        let limits = LeaseReader.Limits(resultBytes: 1 << 10)
        for ending in [LeaseReader.Ending.completion, .failure, .release] {
            guard let end = try? LeaseReader.outcome(ending, members, limits) else { continue }
            isAccepted = true
            switch end {
            case .success(let result):
                try require((result?.text.utf8.count ?? 0) <= limits.resultBytes, "a long result")
            case .failure(let failure):
                try require(failure.message.utf8.count <= ModelLimits.errorBytes, "a long error")
                try require(.zero...ModelLimits.maxDuration ~= failure.retryAfter ?? .zero, "a wait of years")
            case .release(let wait):
                try require(.zero...ModelLimits.maxDuration ~= wait, "a wait of \(wait)")
            default: break
            }
        }
        if let progress = try? LeaseReader.progress(members) {
            isAccepted = true
            try require(0...100 ~= progress.percent, "progress of \(progress.percent)")
        }
        return isAccepted
    }

    /// A message of a WebSocket client, and the body that limits a type.
    static let socketMessage = FuzzReader("socket-message") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        if (try? LimitReader.limit(text)) != nil { return true }
        guard let message = try? SocketMessage.read(text) else { return false }
        switch message {
        case .subscribe(let id, let filter):
            try require(1...SocketMessage.maxIDBytes ~= id.utf8.count, "an ID of \(id.utf8.count) bytes")
            try require(filter.valueCount <= 3 * EventRequest.maxValues, "\(filter.valueCount) values")
        case .unsubscribe(let id):
            try require(1...SocketMessage.maxIDBytes ~= id.utf8.count, "an ID of \(id.utf8.count) bytes")
        }
        return true
    }
}
