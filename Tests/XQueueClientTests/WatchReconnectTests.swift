import Synchronization
import Testing
import XQueueClient
import XQueueTestServers

/// Watching across broken connections.
@Suite struct WatchReconnectTests {
    private static let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

    private static func event(_ cursor: String, _ word: String) -> String {
        "id: \(cursor)\nevent: \(word)\ndata: {\"event\":\"\(word)\",\"cursor\":\"\(cursor)\"}\n\n"
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func increment() { count.withLock { $0 += 1 } }
    }

    @Test func itReconnects() async throws {
        let service = try await ScriptedService.start { call in
            [
                .send(
                    Self.head + Self.event("\(call.connection)-0", "hello")
                        + Self.event("\(call.connection)-1", "status")), .close,
            ]
        }
        let losses = Counter()
        try await QueueClient.with(.init(url: "http://127.0.0.1:\(service.port)")) { client in
            var cursors: [String] = []
            for try await event in client.watch(onLoss: { losses.increment() }) {
                cursors.append(event.cursor ?? "")
                if cursors.count == 4 { break }
            }
            #expect(cursors == ["1-0", "1-1", "2-0", "2-1"])
        }
        #expect(losses.value == 1)
        #expect(service.calls.last?.text.lowercased().contains("last-event-id: 1-1\r\n") == true)
    }

    @Test func anUnreachableServerAtTheStartIsAnError() async throws {
        try await QueueClient.with(.init(url: "http://127.0.0.1:1")) { client in
            let error = await #expect(throws: QueueClientError.self) {
                for try await _ in client.watch() {}
            }
            #expect(error?.code == .connectionRefused)
        }
    }
}
