#if Kafka

import CRdKafka
import CRdKafka.Mock
import Testing
import XQueueKafka

/// librdkafka's mock cluster, which speaks the protocol over TCP and fails on demand.
///
/// `@unchecked Sendable`: the cluster has its own thread, and every call is a message to it.
final class MockCluster: @unchecked Sendable {
    /// API keys of the protocol.
    enum Request: Int16 {
        case produce = 0
        case fetch = 1
        case offsetCommit = 8
        case initProducerID = 22
    }

    static let topic = "tasks"
    private static let brokers: Int32 = 3
    private let client: OpaquePointer
    private let cluster: OpaquePointer

    /// - Parameter partitions: Partitions of the tasks' topic; the dead letter topic has one.
    init(partitions: Int32 = 4) throws {
        var text = [CChar](repeating: 0, count: 512)
        client = try #require(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), &text, text.count))
        cluster = try #require(rd_kafka_mock_cluster_new(client, Self.brokers))
        for (topic, count) in [(Self.topic, partitions), (Self.topic + ".dead", 1)] {
            #expect(
                rd_kafka_mock_topic_create(cluster, topic, count, Self.brokers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        }
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(client)
    }

    var configuration: KafkaConfiguration {
        let addresses = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
        var configuration = KafkaConfiguration(
            brokers: addresses.split(separator: ",").map(String.init))
        configuration.topic = Self.topic
        configuration.groupID = "nodes"
        configuration.partitions = 4
        configuration.deliveryTimeout = .seconds(20)
        return configuration
    }

    func intake(_ change: (inout KafkaConfiguration) -> Void = { _ in }) throws -> KafkaIntake {
        var configuration = configuration
        change(&configuration)
        return try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
    }

    /// Fails the next requests of this kind with these errors, in order.
    func fail(_ request: Request, _ errors: [rd_kafka_resp_err_t]) {
        errors.withUnsafeBufferPointer { errors in
            rd_kafka_mock_push_request_errors_array(
                cluster, request.rawValue, errors.count, UnsafeMutablePointer(mutating: errors.baseAddress))
        }
    }

    /// Drops the errors not yet returned.
    func heal(_ request: Request) {
        rd_kafka_mock_clear_request_errors(cluster, request.rawValue)
    }

    /// Makes brokers, numbered from 1, reject connections.
    func setDown(_ brokers: ClosedRange<Int32> = 1...MockCluster.brokers) {
        for broker in brokers { rd_kafka_mock_broker_set_down(cluster, broker) }
    }

    func setUp(_ brokers: ClosedRange<Int32> = 1...MockCluster.brokers) {
        for broker in brokers { rd_kafka_mock_broker_set_up(cluster, broker) }
    }

    /// Makes another broker the partition's leader.
    func move(partition: Int32, to broker: Int32) {
        rd_kafka_mock_partition_set_leader(cluster, Self.topic, partition, broker)
    }
}

#endif
