#if Kafka

import CRdKafka
import Logging
import XQueueCore

extension KafkaTopics {
    /// How long to wait for a topic's configuration, in milliseconds.
    private static let configTimeout: Int32 = 5000

    /// The task topic's configuration errors, as far as the cluster reports its settings: it may have been
    /// created by hand.
    func faults(ofTasks topic: String) -> [String] {
        let settings = settings(of: topic)
        var faults: [String] = []
        if settings["cleanup.policy"]?.contains("compact") == true {
            faults.append(
                "it is compacted, which drops all tasks of a key but the last; set cleanup.policy=delete")
        }
        if let text = settings["max.message.bytes"], let most = Int(text),
            most < configuration.maxMessageBytes
        {
            faults.append(
                "its max.message.bytes is \(most): larger tasks are rejected; set it to "
                    + "\(configuration.maxMessageBytes)")
        }
        return faults
    }

    /// The status topic's configuration errors.
    func faults(ofStatus topic: String) -> [String] {
        guard let policy = settings(of: topic)["cleanup.policy"], !policy.contains("compact") else {
            return []
        }
        return ["it is not compacted, so it grows with every task or drops them; set cleanup.policy=compact"]
    }

    /// The topic's configuration; empty if the cluster does not report it, or not to this client.
    private func settings(of topic: String) -> [String: String] {
        var resource: OpaquePointer? = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic)
        guard let made = resource else { return [:] }
        defer { rd_kafka_ConfigResource_destroy(made) }
        let queue = rd_kafka_queue_new(handle.client)
        defer { rd_kafka_queue_destroy(queue) }
        rd_kafka_DescribeConfigs(handle.client, &resource, 1, nil, queue)
        guard let event = rd_kafka_queue_poll(queue, Self.configTimeout) else { return [:] }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let result = rd_kafka_event_DescribeConfigs_result(event),
            let resources = rd_kafka_DescribeConfigs_result_resources(result, &count), count > 0,
            let first = resources[0], rd_kafka_ConfigResource_error(first) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let entries = rd_kafka_ConfigResource_configs(first, &count)
        else { return [:] }
        var settings: [String: String] = [:]
        for index in 0..<count {
            guard let entry = entries[index], let name = rd_kafka_ConfigEntry_name(entry),
                let value = rd_kafka_ConfigEntry_value(entry)
            else { continue }
            settings[String(cString: name)] = String(cString: value)
        }
        return settings
    }
}

#endif
