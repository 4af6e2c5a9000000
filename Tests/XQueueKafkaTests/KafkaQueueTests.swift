#if Kafka

import CRdKafka
import Foundation
import ServiceLifecycle
import Testing
import XQueue
import XQueueCore
import XQueueKafka
import XQueueSQLite
import XQueueTestServers
import XQueueStoreTesting
import XQueueTesting

@Suite("Queue with Kafka in front of its store") struct KafkaQueueTests {
    private func wait(_ node: KafkaFixture.Node, for id: TaskID, _ status: TaskStatus = .success) async throws
    {
        try await eventually("the task is \(status)") { try await node.manager.task(id)?.status == status }
    }

    @Test("A submitted task runs once, and the log is read to the end") func submit() async throws {
        let fixture = try await KafkaFixture()
        let node = try fixture.node()
        try await fixture.running(node) {
            var ids: [TaskID] = []
            for number in 0..<20 {
                let outcome = try await node.manager.submit(
                    TaskSubmission(type: "work", payload: try RawJSON("\(number)")))
                guard case .inserted(let record) = outcome else {
                    Issue.record("the store should have the task when the submission returns")
                    return
                }
                ids.append(record.id)
            }
            for id in ids { try await wait(node, for: id) }
            try await eventually("the log is read") {
                let report = await node.manager.intake()
                return report?.known == 20 && report?.status.parts.reduce(0) { $0 + $1.lag } == 0
            }
        }
        #expect(try await fixture.committed() == 20)
    }

    @Test("Tasks from a foreign producer run once each") func foreign() async throws {
        let fixture = try await KafkaFixture()
        let node = try fixture.node()
        try await fixture.running(node) {
            try await eventually("the topic is there") { await node.manager.intake()?.status.problem == nil }
            _ = try await fixture.broker.run("produce.py", [fixture.topic, "500"])
            try await eventually("all have run") {
                try await node.manager.statistics().store.counts[.success] == 500
            }
            #expect(await node.manager.intake()?.fed == 500)
        }
        #expect(try await fixture.committed() == 500)
    }

    @Test("Unusable messages become dead letters with a reason and block nothing") func poison()
        async throws
    {
        let fixture = try await KafkaFixture()
        let node = try fixture.node { $0.partitions = 1 }
        try await fixture.running(node) {
            try await eventually("the topic is there") { await node.manager.intake()?.status.problem == nil }
            _ = try await fixture.broker.run("produce.py", [fixture.topic, "poison"])
            _ = try await fixture.broker.run("produce.py", [fixture.topic, "3"])
            try await eventually("the tasks behind them have run") {
                try await node.manager.statistics().store.counts[.success] == 3
            }
            #expect(await node.manager.intake()?.rejected == 12)
        }
        let dead = try await fixture.records(of: "tasks.dead")
        #expect(dead.count == 12)
        let reasons = Dictionary(grouping: dead, by: { $0.key ?? "" }).mapValues {
            $0[0].headers["reason"] ?? ""
        }
        #expect(reasons["an unknown field"]??.contains("prio") == true)
        #expect(reasons["an id of the future"]??.contains("a day ahead of the queue's clock") == true)
        #expect(reasons["not UTF-8"]??.contains("JSON") == true)
        #expect(dead.allSatisfy { $0.headers["topic"] == fixture.topic && $0.headers["offset"] != nil })
        #expect(try await fixture.committed() == 15)
    }

    @Test("While the store is unreachable, tasks are accepted; they run when it is back") func storeDown()
        async throws
    {
        let fixture = try await KafkaFixture()
        let node = try fixture.node()
        try await fixture.running(node) {
            try await node.manager.submit("work", .null)
            node.store.fail(.insert, times: .max)
            let outcome = try await node.manager.submit(TaskSubmission(type: "work"))
            guard case .logged(let record) = outcome else {
                Issue.record("only the log should have the task, not \(outcome)")
                return
            }
            #expect(record.status == .pending)
            try await eventually("the log is held") { await node.manager.intake()?.isHeld == true }
            #expect(try await node.manager.task(record.id) == nil)
            node.store.heal()
            try await wait(node, for: record.id)
            try await eventually("the log flows") { await node.manager.intake()?.isHeld == false }
            try await read(node)
        }
        #expect(try await fixture.committed() == 2)
    }

    /// Waits until everything is read and committed; a node that stops earlier reads the rest again.
    private func read(_ node: KafkaFixture.Node) async throws {
        try await eventually("the log is read") {
            let parts = await node.manager.intake()?.status.parts ?? []
            return !parts.isEmpty && parts.allSatisfy { $0.lag == 0 }
        }
    }

    @Test("A full backlog holds the log instead of rejecting tasks") func backlog() async throws {
        let fixture = try await KafkaFixture()
        let node = try fixture.node(maxBacklog: 50)
        try await fixture.running(node) {
            try await node.manager.submit("work", .null)
            try await node.manager.pause("work")
            var logged = 0
            for _ in 0..<80 {
                if case .logged = try await node.manager.submit(TaskSubmission(type: "work")) { logged += 1 }
            }
            #expect(logged >= 29)
            try await eventually("the log is held") { await node.manager.intake()?.isHeld == true }
            try await node.manager.resume("work")
            try await eventually("all have run") {
                try await node.manager.statistics().store.counts[.success] == 81
            }
            try await read(node)
        }
        #expect(try await fixture.committed() == 81)
    }

    @Test("A task beyond the type limit is rejected and blocks no other") func tooManyTypes() async throws {
        let fixture = try await KafkaFixture()
        let node = try fixture.node()
        try await fixture.running(node) {
            try await node.manager.submit("work", .null)
            node.store.fail(.insert, times: 1, with: StoreError(.tooManyTypes, "too many types"))
            let error = await #expect(throws: QueueError.self) {
                try await node.manager.submit("other", .null)
            }
            #expect(error?.code == .tooManyTypes)
        }
    }

    @Test("A duplicate unique key returns the existing task and appends nothing to the log") func uniqueKey()
        async throws
    {
        let fixture = try await KafkaFixture()
        let node = try fixture.node()
        try await fixture.running(node) {
            try await node.manager.submit("work", .null)
            try await node.manager.pause("work")
            let first = try await node.manager.submit("work", .null, .unique("one"))
            let outcome = try await node.manager.submit(
                {
                    var other = TaskSubmission(type: "work"); other.uniqueKey = "one"; return other
                }())
            #expect(outcome == .existing(first))
            try await node.manager.resume("work")
            try await wait(node, for: first.id)
        }
        #expect(try await fixture.records(of: fixture.topic).count == 2)
    }

    @Test("An unacknowledged task is appended before a duplicate submission returns it")
    func unacknowledged() async throws {
        let fixture = try await KafkaFixture()
        let node = try fixture.node { $0.deliveryTimeout = .seconds(6) }
        func submission(_ id: TaskID? = nil) -> TaskSubmission {
            var submission = TaskSubmission(type: "work", payload: .null)
            (submission.id, submission.uniqueKey) = (id, "one")
            submission.schedule = .after(.seconds(3600))
            return submission
        }
        try await fixture.running(node) {
            try await node.manager.submit("work", .null)
            let id = TaskIDGenerator().next()
            fixture.broker.pause()
            for _ in 0..<2 {
                let error = await #expect(throws: QueueError.self) {
                    try await node.manager.submit(submission(id))
                }
                #expect(error?.code == .intakeUnavailable)
            }
            // The stored task stays; nothing rolls it back.
            #expect(try await node.manager.task(id)?.status == .pending)
            fixture.broker.resume()
            // Another submission with the same key.
            var outcome: SubmitOutcome?
            try await eventually("the duplicate submission succeeds") {
                outcome = try? await node.manager.submit(submission())
                return outcome != nil
            }
            guard case .existing(let record) = outcome else {
                Issue.record("expected the first task, not \(String(describing: outcome))")
                return
            }
            #expect(record.id == id)
            let log = try await fixture.records(of: fixture.topic).filter { $0.key == "\(id)" }
            #expect(!log.isEmpty)
            // The log has it by now, so it is not appended again.
            _ = try await node.manager.submit(submission())
            #expect(try await fixture.records(of: fixture.topic).count { $0.key == "\(id)" } == log.count)
        }
    }

    @Test("While the log is known to be unavailable, tasks with unique keys are not stored")
    func kept()
        async throws
    {
        let fixture = try await KafkaFixture()
        let node = try fixture.node { $0.deliveryTimeout = .seconds(6) }
        try await fixture.running(node) {
            try await node.manager.submit("work", .null)
            fixture.broker.pause()
            await #expect(throws: QueueError.self) { try await node.manager.submit("work", .null) }
            for number in 0..<5 {
                await #expect(throws: QueueError.self) {
                    try await node.manager.submit("work", .null, .unique("key-\(number)"))
                }
            }
            #expect(try await node.manager.statistics().store.counts.total == 1)
            fixture.broker.resume()
            try await eventually("tasks are accepted again") {
                (try? await node.manager.submit("work", .null, .unique("one"))) != nil
            }
        }
    }

    @Test("An unchecked unique key is reported as provisional, and a later duplicate is counted")
    func provisional()
        async throws
    {
        let fixture = try await KafkaFixture()
        let node = try fixture.node()
        try await fixture.running(node) {
            try await node.manager.submit("work", .null, .unique("one"), .delay(.seconds(3600)))
            node.store.fail(.insert, times: .max)
            var keyed = TaskSubmission(type: "work")
            keyed.uniqueKey = "one"
            let outcomes = try await node.manager.submit([keyed, TaskSubmission(type: "work"), keyed])
            #expect(outcomes.map(\.isProvisional) == [true, false, true])
            #expect(outcomes[0].record.id == outcomes[2].record.id)
            node.store.heal()
            try await eventually("it is counted") { await node.manager.intake()?.deduplicated == 1 }
            #expect(try await node.manager.task(outcomes[0].record.id) == nil)
        }
    }

    @Test("Records received while dead letters cannot be written are not skipped") func deadLettersFail()
        async throws
    {
        let cluster = try MockCluster(partitions: 1)
        let writer = try cluster.intake()
        try await writer.append([
            IntakeMessage(key: "a", value: "{"),
            IntakeMessage(key: "a", value: #"{"type":"work"}"#),
        ])
        let store = try SQLiteStore(path: ":memory:")
        let intake = try cluster.intake {
            $0.partitions = 1
            $0.deliveryTimeout = .seconds(1)
        }
        let manager = TaskManager(store: store, intake: intake, logger: KafkaFixture.silent)
        try manager.register("work") { task -> RawJSON? in task.payload }
        cluster.fail(.produce, Array(repeating: RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, count: 1000))
        let node = KafkaFixture.Node(
            store: FaultyStore(store), manager: manager,
            group: ServiceGroup(services: [manager], logger: KafkaFixture.silent))
        try await KafkaFixture.running(node) {
            try await eventually("the dead letter cannot be written") {
                await manager.intake()?.status.problem?.contains("acknowledged") == true
            }
            cluster.heal(.produce)
            try await eventually("the task received with it has run") {
                try await manager.statistics().store.counts[.success] == 1
            }
            #expect(await manager.intake()?.rejected == 1)
            try await eventually("no problem is reported") {
                await manager.intake()?.status.problem == nil
            }
        }
        await writer.close()
    }

    @Test("Without the cluster, submissions fail with an error") func clusterDown() async throws {
        let fixture = try await KafkaFixture()
        let node = try fixture.node { $0.deliveryTimeout = .seconds(6) }
        try await fixture.running(node) {
            try await node.manager.submit("work", .null)
            fixture.broker.pause()
            let error = await #expect(throws: QueueError.self) {
                try await node.manager.submit("work", .null)
            }
            #expect(error?.code == .intakeUnavailable)
            fixture.broker.resume()
            try await eventually("tasks are accepted again") {
                (try? await node.manager.submit("work", .null)) != nil
            }
        }
    }

    @Test("A broker that lost its data is used again") func brokerReplaced() async throws {
        let fixture = try await KafkaFixture()
        let node = try fixture.node()
        try await fixture.running(node) {
            let first = try await node.manager.submit("work", .null)
            try await wait(node, for: first.id)
            try await fixture.broker.kill()
            try await fixture.broker.start()
            var second: TaskRecord?
            try await eventually("tasks are accepted again") {
                second = try? await node.manager.submit("work", .null)
                return second != nil
            }
            try await wait(node, for: try #require(second).id)
        }
    }
}

#endif
