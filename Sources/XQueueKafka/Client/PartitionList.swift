#if Kafka

import CRdKafka

/// A list of partitions with offsets, in librdkafka's form.
final class PartitionList {
    private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// Takes ownership of a list created by librdkafka.
    init(owning pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        self.pointer = pointer
    }

    convenience init(topic: String, _ offsets: [Int32: Int64]) {
        self.init(owning: rd_kafka_topic_partition_list_new(Int32(offsets.count)))
        for (partition, offset) in offsets.sorted(by: { $0.key < $1.key }) {
            rd_kafka_topic_partition_list_add(pointer, topic, partition)?.pointee.offset = offset
        }
    }

    deinit {
        rd_kafka_topic_partition_list_destroy(pointer)
    }

    /// Lends the list to a call of librdkafka.
    func lend<Value>(
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Value
    ) -> Value {
        withExtendedLifetime(self) { body(pointer) }
    }

    /// The offsets by partition, without partitions that have an error.
    var offsets: [Int32: Int64] {
        lend(Self.entries).reduce(into: [:]) { offsets, entry in
            if entry.err == RD_KAFKA_RESP_ERR_NO_ERROR { offsets[entry.partition] = entry.offset }
        }
    }

    /// The error of the first partition that has one.
    var error: rd_kafka_resp_err_t? {
        lend(Self.entries).first { $0.err != RD_KAFKA_RESP_ERR_NO_ERROR }?.err
    }

    static func partitions(of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> Set<Int32> {
        Set(entries(of: list).map(\.partition))
    }

    /// The offsets in the result of a commit that were not committed.
    ///
    /// - Parameter code: The result of the commit as a whole.
    static func failedCommits(
        of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, _ code: rd_kafka_resp_err_t
    ) -> [Int32: Int64] {
        entries(of: list).reduce(into: [:]) { offsets, entry in
            let hasFailed = code != RD_KAFKA_RESP_ERR_NO_ERROR || entry.err != RD_KAFKA_RESP_ERR_NO_ERROR
            if hasFailed, entry.offset >= 0 { offsets[entry.partition] = entry.offset }
        }
    }

    private static func entries(
        of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) -> [rd_kafka_topic_partition_t] {
        guard let list, let elements = list.pointee.elems else { return [] }
        return Array(UnsafeBufferPointer(start: elements, count: Int(list.pointee.cnt)))
    }
}

#endif
