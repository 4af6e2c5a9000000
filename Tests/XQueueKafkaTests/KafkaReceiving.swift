#if Kafka

import Testing
import XQueueCore
import XQueueKafka
import XQueueTesting

extension KafkaIntake {
    /// Receives until there are `count` records.
    func records(_ count: Int) async throws -> [IntakeRecord] {
        var records: [IntakeRecord] = []
        try await eventually("\(count) records come") {
            records += (try? await receive(limit: 100, waiting: .milliseconds(200))) ?? []
            return records.count >= count
        }
        return records
    }
}

extension IntakeMessage {
    /// Messages whose values are numbers; with a key that keeps its order, all are of one partition.
    static func numbered(
        _ range: Range<Int>, key: String? = nil, keepsOrder: Bool = true
    ) -> [IntakeMessage] {
        range.map {
            IntakeMessage(
                key: key ?? "\($0)", keepsOrder: keepsOrder, value: "\($0)",
                headers: [IntakeHeader("n", "\($0)")])
        }
    }
}

extension [IntakeRecord] {
    /// The numbers their values are.
    var numbers: [Int] { compactMap { Int(String(decoding: $0.value, as: UTF8.self)) } }
}

#endif
