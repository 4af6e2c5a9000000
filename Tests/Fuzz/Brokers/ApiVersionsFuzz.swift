#if Kafka

@testable import XQueueKafka

extension FuzzReader {
    /// A broker's list of API versions, in which nothing is left to lower after the first time.
    static let kafkaVersions = FuzzReader("kafka-versions") { bytes in
        var input = FuzzInput(bytes)
        let version = Int16(input.byte() % 5)
        let newest = Int16(input.byte() % 16)
        let answer = Array(input.rest)
        var limited = answer
        ApiVersions.limitFetch(to: newest, in: &limited, version: version)
        try require(limited.count == answer.count, "another length")
        var again = limited
        ApiVersions.limitFetch(to: newest, in: &again, version: version)
        try require(again == limited, "lowered twice")
        return limited != answer
    }
}

#endif
