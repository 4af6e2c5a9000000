#if Kafka

@testable import XQueueKafka

extension FuzzReader {
    /// A broker's list of API versions, of which at most one number is lowered, once.
    static let kafkaVersions = FuzzReader("kafka-versions") { bytes in
        var input = FuzzInput(bytes)
        let version = Int16(input.byte() % 5)
        let newest = Int16(input.byte() % 16)
        let answer = Array(input.rest)
        var limited = answer
        ApiVersions.limitFetch(to: newest, in: &limited, version: version)
        try require(limited.count == answer.count, "another length")
        let changed = zip(limited, answer).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
        try require((changed.last ?? 0) - (changed.first ?? 0) < 2, "changed at \(changed)")
        var again = limited
        ApiVersions.limitFetch(to: newest, in: &again, version: version)
        try require(again == limited, "lowered twice")
        return !changed.isEmpty
    }
}

#endif
