#if Kafka

import CRdKafka
import CRdKafka.Mock
import Testing
import XQueueKafka

/// A cluster inside librdkafka that speaks the protocol over TCP, and fails as it is told to.
///
/// `@unchecked Sendable`: the cluster has a thread of its own, to which every call is a message.
final class MockCluster: @unchecked Sendable {
    /// The numbers of the protocol.
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

    /// - Parameter partitions: Of the topic of the tasks; the one for dead letters has one.
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

    /// The next requests of this kind are answered with these errors, one after the other.
    func fail(_ request: Request, _ errors: [rd_kafka_resp_err_t]) {
        errors.withUnsafeBufferPointer { errors in
            rd_kafka_mock_push_request_errors_array(
                cluster, request.rawValue, errors.count, UnsafeMutablePointer(mutating: errors.baseAddress))
        }
    }

    /// No more errors but those that were given already.
    func heal(_ request: Request) {
        rd_kafka_mock_clear_request_errors(cluster, request.rawValue)
    }

    /// Brokers, from 1, take no connections.
    func setDown(_ brokers: ClosedRange<Int32> = 1...MockCluster.brokers) {
        for broker in brokers { rd_kafka_mock_broker_set_down(cluster, broker) }
    }

    func setUp(_ brokers: ClosedRange<Int32> = 1...MockCluster.brokers) {
        for broker in brokers { rd_kafka_mock_broker_set_up(cluster, broker) }
    }

    /// Another broker leads a partition.
    func move(partition: Int32, to broker: Int32) {
        rd_kafka_mock_partition_set_leader(cluster, Self.topic, partition, broker)
    }
}

#endif
