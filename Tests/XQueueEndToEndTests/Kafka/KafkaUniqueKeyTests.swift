#if Kafka && Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Submitting again does no harm: what a client does that was told that nothing is sure.
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

    /// Sends the same body until it is accepted, and answers with what was said then.
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
        "While the log takes nothing a submission is refused; the same one later finds a task that runs",
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
        // The log has it, as every task that was accepted.
        #expect(try await queue.broker.run("consume.py", [KafkaQueue.topic]).contains("\(id)"))
        #expect(try await api.stats()[.canceled] == 0)
    }

    @Test(
        "A batch that nobody acknowledged is submitted again, and all of it runs", arguments: Store.allCases)
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

    @Test("An answer says that a unique key is not checked yet, and another task may answer for this one")
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
        // Of two in one batch, one is told to answer for both.
        let twice = #"{"type":"example","payload":{},"unique_key":"two"}"#
        let batch = try await accepted(api, "/tasks/batch", #"{"tasks":[\#(twice),\#(twice)]}"#)
        let told = try batch.decoded(SubmittedBatch.self).tasks.map(\.id)
        #expect(Set(told).count == 1)
        // A key holds within its type.
        let apart = ["example", "nobody-serves-this"].map { #"{"type":"\#($0)","unique_key":"three"}"# }
        let both = try await accepted(api, "/tasks/batch", #"{"tasks":[\#(apart.joined(separator: ","))]}"#)
        let types = try both.decoded(SubmittedBatch.self).tasks.map(\.type)
        #expect(types == ["example", "nobody-serves-this"])
        let other = try #require(try both.decoded(SubmittedBatch.self).tasks.last?.id)
        queue.redis?.resume()
        for id in [try plain.decoded(QueueTask.self).id] + Set(told) {
            // The store is not back at once.
            try await eventually("the task succeeds") {
                (try? await api.task(id))?.status == .success
            }
        }
        try await eventually("that the first one answers is counted") {
            try await api.intake().deduplicated == 1
        }
        #expect(try await api.send("GET", "/tasks/\(id)").status == 404)
        #expect(try await api.task(first.id).status == .pending)
        #expect(try await api.task(other).status == .pending)

        // Submitted again with the identifier of the 202, it is answered with the task that has the key.
        let again = #"{"type":"example","payload":{},"id":"\#(id)","unique_key":"one"}"#
        let holder = try await api.send("POST", "/tasks", again)
        #expect(holder.status == 200)
        #expect(try holder.decoded(QueueTask.self).id == first.id)
        // Once that one has ended, nobody answers: what was asked for is done now, under the same identifier, once.
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
