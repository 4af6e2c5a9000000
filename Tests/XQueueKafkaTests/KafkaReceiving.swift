#if Kafka

import Testing
import XQueueCore
import XQueueKafka
import XQueueTesting

extension KafkaIntake {
    /// Receives at least `count` records.
    func records(_ count: Int) async throws -> [IntakeRecord] {
        var records: [IntakeRecord] = []
        try await eventually("\(count) records arrive") {
            records += (try? await receive(limit: 100, waiting: .milliseconds(200))) ?? []
            return records.count >= count
        }
        return records
    }
}

extension IntakeMessage {
    /// Messages with numbers as values; with an ordered key, all go to one partition.
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
    /// Their values, as numbers.
    var numbers: [Int] { compactMap { Int(String(decoding: $0.value, as: UTF8.self)) } }
}

#endif
