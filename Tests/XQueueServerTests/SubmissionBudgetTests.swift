import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting

@testable import XQueueServer

@Suite("Submissions waiting for the store", .timeLimit(.minutes(3))) struct SubmissionBudgetTests {
    private static let large = ConnectionTests.post(
        "{\"type\":\"a\",\"payload\":\"\(String(repeating: "x", count: 1_000_000))\"}")

    @Test("Large ones share a budget; beyond it they are rejected") func budget() async throws {
        var configuration = ServerConfiguration()
        // Twice eight of them.
        configuration.maxReplyBytes = 16 << 20
        try await LiveServer.run(configuration: configuration) { server in
            server.store.hold(.insert)
            var senders: [RawConnection] = []
            for count in 1...8 {
                let sender = try await server.connect()
                senders.append(sender)
                try await sender.send(Self.large)
                await server.store.waitForHeldCalls(of: .insert, count: count)
            }
            let another = try await server.connect()
            try await another.send(Self.large)
            let rejection = try #require(await another.reply())
            #expect(rejection.status == 503 && rejection.body.contains(#""code":"overloaded""#))
            server.store.release(.insert)
            for sender in senders { #expect(await sender.reply()?.status == 201) }
            let last = try await server.connect()
            try await last.send(Self.large)
            #expect(await last.reply()?.status == 201)
            #expect(try await server.store.tasks(TaskQuery()).total == 9)
        }
    }
}
