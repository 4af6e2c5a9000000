#if Kafka

import CRdKafka
import XQueueCore

extension KafkaConfiguration {
    /// A property of librdkafka that a promise depends on.
    private struct Promise {
        /// The values with which it holds; empty if the property is not to be set at all.
        let values: Set<String>
        let reason: String

        init(_ values: Set<String>, _ reason: String) {
            self.values = values
            self.reason = reason
        }

        init(_ reason: String) {
            self.init([], reason)
        }
    }

    private static let yes: Set = ["true", "t", "1"]
    private static let no: Set = ["false", "f", "0"]

    private static let promises: [String: Promise] = {
        let acks = Promise(["all", "-1"], "a task is accepted once all replicas in sync have it")
        let byHand = Promise(no, "records are committed once the store has their tasks, and not before")
        let timeout = Promise("set kafka.delivery_timeout, which submissions wait for")
        let reset = Promise("a group that has read nothing begins at the oldest record, or it loses tasks")
        let store = Promise(["broker"], "where the group has read to is known to the cluster, for all nodes")
        let events = Promise("what librdkafka tells would get lost on its way to XQueue")
        return [
            "acks": acks, "request.required.acks": acks,
            "enable.idempotence": Promise(
                yes, "without it a message that is sent again may be there twice, and out of order"),
            "enable.auto.commit": byHand, "auto.commit.enable": byHand, "enable.auto.offset.store": byHand,
            "offset.store.method": store,
            "message.timeout.ms": timeout, "delivery.timeout.ms": timeout,
            "auto.offset.reset": reset,
            "isolation.level": Promise(
                ["read_committed"], "tasks of a transaction that was aborted would run"),
            "transactional.id": Promise("nobody would commit the transactions, and no task be read"),
            "delivery.report.only.error": Promise(no, "no submission would ever be answered"),
            "enable.partition.eof": Promise("a replay must see where a partition ends"),
            "allow.auto.create.topics": Promise(
                no, "XQueue makes the topics itself, with the settings that tasks need"),
            "test.mock.num.brokers": Promise(
                ["0"], "tasks would be kept in this process's memory and not in a cluster"),
            "enabled_events": events, "log.queue": Promise(no, events.reason),
        ]
    }()

    /// Throws if a further property undoes what XQueue promises, and says why it would.
    func checkPromises() throws(IntakeError) {
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            guard let promise = Self.promises[name], !promise.values.contains(value.lowercased()) else {
                continue
            }
            let what = promise.values.isEmpty ? name : "\(name)=\(value)"
            throw IntakeError(.invalid, "the property \(what) cannot be used: \(promise.reason)")
        }
    }

    /// Keeps a client that reads from what ends the process; see `FetchGate`. With TLS that cannot be done.
    func guardFetches(in conf: OpaquePointer) {
        #if os(Linux)
        let transport = properties["security.protocol"] ?? security.transport.rawValue
        if !transport.lowercased().hasSuffix("ssl") { FetchGate.install(in: conf) }
        #endif
    }
}

#endif
