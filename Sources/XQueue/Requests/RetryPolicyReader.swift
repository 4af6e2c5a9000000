import XQueueCore

/// Reads the `retry_policy` of a submission; what it leaves out is as in ``RetryPolicy/standard``.
enum RetryPolicyReader {
    static func policy(_ member: JSONMember, _ outer: FieldReader) throws(QueueError) -> RetryPolicy {
        guard let members = try? member.value.members() else {
            throw outer.invalid(member, "must be an object")
        }
        let fields = FieldReader(prefix: outer.prefix + member.name + ".")
        var policy = RetryPolicy.standard
        try fields.each(of: members) { member throws(QueueError) in
            let isNull = member.value.kind == .null
            switch member.name {
            case "strategy": if !isNull { policy.strategy = try strategy(member, fields) }
            case "delay": if !isNull { policy.delay = try fields.seconds(member) }
            case "max_delay": if !isNull { policy.maxDelay = try fields.seconds(member) }
            case "jitter": if !isNull { policy.jitter = try fields.number(member) }
            default: throw fields.unknown(member)
            }
        }
        return policy
    }

    private static func strategy(
        _ member: JSONMember, _ fields: FieldReader
    ) throws(QueueError) -> RetryPolicy.Strategy {
        guard let strategy = RetryPolicy.Strategy(rawValue: try fields.string(member)) else {
            let words = RetryPolicy.Strategy.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.invalid(member, "must be one of \(words)")
        }
        return strategy
    }
}
