#if Kafka && Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Resubmission is harmless: what a client does when the outcome of a submission is unknown.
@Suite(.timeLimit(.minutes(10))) struct KafkaUniqueKeyTests {
    enum Store: CaseIterable {
        case file, redis
    }

    private static let ids = TaskIDGenerator()

    private func queue(_ store: Store) async throws -> KafkaQueue {
        try await KafkaQueue(
            redis: store == .redis ? try await RedisServer.start(RedisOptions()) : nil,
            ["--kafka-delivery-timeout", "2s"])
    }

    /// Sends the same body until it is accepted, and returns that reply.
    private func accepted(_ api: API, _ path: String, _ body: String) async throws -> API.Reply {
        var last: API.Reply?
        try await eventually("it is accepted") {
            let reply = try await api.send("POST", path, body)
            last = reply
            return 200...202 ~= reply.status
        }
        return try #require(last)
    }

    @Test(
        "While the log is unavailable a submission is rejected; resubmitting it later runs the task",
        arguments: Store.allCases)
    func single(_ store: Store) async throws {
        let queue = try await queue(store)
        let api = API(try await queue.cluster.node("a"))
        _ = try await api.submit()
        queue.broker.pause()
        let id = Self.ids.next()
        let body = #"{"type":"example","payload":{},"id":"\#(id)","unique_key":"one"}"#
        for _ in 0..<2 {
            let reply = try await api.send("POST", "/tasks", body)
            #expect(reply.status == 503)
            #expect(try reply.errorCode() == "intake_unavailable")
        }
        queue.broker.resume()
        let reply = try await accepted(api, "/tasks", body)
        #expect(try reply.decoded(QueueTask.self).id == id)
        #expect(try await api.end(of: id).status == .success)
        // The log has it, like every accepted task.
        #expect(try await queue.broker.run("consume.py", [KafkaQueue.topic]).contains("\(id)"))
        #expect(try await api.stats()[.canceled] == 0)
    }

    @Test(
        "A batch that was not acknowledged is resubmitted, and all of it runs", arguments: Store.allCases)
    func batch(_ store: Store) async throws {
        let queue = try await queue(store)
        let api = API(try await queue.cluster.node("a"))
        _ = try await api.submit()
        queue.broker.pause()
        let ids = (0..<6).map { _ in Self.ids.next() }
        let tasks = ids.enumerated().map { index, id in
            let key = index % 2 == 0 ? #","unique_key":"key-\#(index)""# : ""
            return #"{"type":"example","payload":{},"id":"\#(id)"\#(key)}"#
        }
        let body = #"{"tasks":[\#(tasks.joined(separator: ","))]}"#
        #expect(try await api.send("POST", "/tasks/batch", body).status == 503)
        queue.broker.resume()
        let reply = try await accepted(api, "/tasks/batch", body)
        #expect(try reply.decoded(SubmittedBatch.self).tasks.map(\.id) == ids)
        for id in ids { #expect(try await api.end(of: id).status == .success) }
        let log = try await queue.broker.run("consume.py", [KafkaQueue.topic])
        #expect(ids.allSatisfy { log.contains("\($0)") })
        #expect(try await api.stats()[.canceled] == 0)
    }

    @Test("A reply marks an unchecked unique key as provisional, and a task with the same key may replace it")
    func provisional() async throws {
        let queue = try await queue(.redis)
        let api = API(try await queue.cluster.node("a"))
        let first = try await api.submit("example", "{}", #""unique_key":"one","delay":3600"#)
        queue.redis?.pause()
        let id = Self.ids.next()
        let keyed = try await accepted(
            api, "/tasks", #"{"type":"example","payload":{},"id":"\#(id)","unique_key":"one"}"#)
        #expect(keyed.status == 202)
        #expect(keyed.text.contains(#""provisional":true"#))
        let plain = try await accepted(api, "/tasks", #"{"type":"example","payload":{}}"#)
        #expect(plain.status == 202)
        #expect(!plain.text.contains("provisional"))
        // Of two in one batch, the same task is returned for both.
        let twice = #"{"type":"example","payload":{},"unique_key":"two"}"#
        let batch = try await accepted(api, "/tasks/batch", #"{"tasks":[\#(twice),\#(twice)]}"#)
        let told = try batch.decoded(SubmittedBatch.self).tasks.map(\.id)
        #expect(Set(told).count == 1)
        // A key is unique within its type.
        let apart = ["example", "nobody-serves-this"].map { #"{"type":"\#($0)","unique_key":"three"}"# }
        let both = try await accepted(api, "/tasks/batch", #"{"tasks":[\#(apart.joined(separator: ","))]}"#)
        let types = try both.decoded(SubmittedBatch.self).tasks.map(\.type)
        #expect(types == ["example", "nobody-serves-this"])
        let other = try #require(try both.decoded(SubmittedBatch.self).tasks.last?.id)
        queue.redis?.resume()
        for id in [try plain.decoded(QueueTask.self).id] + Set(told) {
            // The store takes a moment to recover.
            try await eventually("the task succeeds") {
                (try? await api.task(id))?.status == .success
            }
        }
        try await eventually("the duplicate is counted") {
            try await api.intake().deduplicated == 1
        }
        #expect(try await api.send("GET", "/tasks/\(id)").status == 404)
        #expect(try await api.task(first.id).status == .pending)
        #expect(try await api.task(other).status == .pending)

        // Resubmitting with the identifier from the 202 returns the task that has the key.
        let again = #"{"type":"example","payload":{},"id":"\#(id)","unique_key":"one"}"#
        let holder = try await api.send("POST", "/tasks", again)
        #expect(holder.status == 200)
        #expect(try holder.decoded(QueueTask.self).id == first.id)
        // Once that task has ended, the key is free: the submission now runs, once, under the same identifier.
        #expect(try await api.send("DELETE", "/tasks/\(first.id)").status == 200)
        let own = try await api.send("POST", "/tasks", again)
        #expect(own.status == 201)
        #expect(try own.decoded(QueueTask.self).id == id)
        #expect(try await api.end(of: id).status == .success)
        let last = try await api.send("POST", "/tasks", again)
        #expect(last.status == 200)
        #expect(try last.decoded(QueueTask.self).id == id)
    }
}

#endif
