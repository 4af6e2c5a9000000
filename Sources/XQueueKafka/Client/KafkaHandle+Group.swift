#if Kafka

import CRdKafka

/// What a member of a consumer group asks of the cluster at its end, where waiting must have an end, too:
/// librdkafka's own calls wait for as long as no broker answers.
extension KafkaHandle {
    /// The longest wait for the cluster to note offsets, in milliseconds.
    private static let commitMilliseconds: Int32 = 5000
    /// The longest wait for the group to let this member go.
    private static let closePatience = Duration.seconds(10)

    /// Whether the members of the group hand over single partitions, and not all of them at each change.
    static func isCooperative(_ client: OpaquePointer) -> Bool {
        rd_kafka_rebalance_protocol(client).map { String(cString: $0) } == "COOPERATIVE"
    }

    /// Notes offsets, and waits for the answer.
    static func commit(
        _ client: OpaquePointer, _ offsets: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) -> rd_kafka_resp_err_t {
        guard let queue = rd_kafka_queue_new(client) else { return RD_KAFKA_RESP_ERR__FAIL }
        defer { rd_kafka_queue_destroy(queue) }
        let code = rd_kafka_commit_queue(client, offsets, queue, nil, nil)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return code }
        guard let event = rd_kafka_queue_poll(queue, commitMilliseconds) else {
            return RD_KAFKA_RESP_ERR__TIMED_OUT
        }
        defer { rd_kafka_event_destroy(event) }
        return rd_kafka_event_error(event)
    }

    /// Leaves the group. If no broker answers, the group notices by itself that a member is gone.
    func leaveGroup() {
        guard let queue = rd_kafka_queue_new(client) else { return }
        defer { rd_kafka_queue_destroy(queue) }
        if let error = rd_kafka_consumer_close_queue(client, queue) {
            return rd_kafka_error_destroy(error)
        }
        let deadline = ContinuousClock.now + Self.closePatience
        while rd_kafka_consumer_closed(client) == 0, ContinuousClock.now < deadline {
            guard let event = rd_kafka_queue_poll(queue, 100) else { continue }
            // What else comes here, such as messages that were under way, is for whoever reads next.
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE {
                giveBack(rd_kafka_event_topic_partition_list(event))
            }
            rd_kafka_event_destroy(event)
        }
    }

    /// The last partitions go to other members.
    private func giveBack(_ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) {
        if Self.isCooperative(client), let partitions {
            if let error = rd_kafka_incremental_unassign(client, partitions) { rd_kafka_error_destroy(error) }
        } else {
            rd_kafka_assign(client, nil)
        }
    }
}

#endif
