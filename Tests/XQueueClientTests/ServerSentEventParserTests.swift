import AsyncHTTPClient
import NIOCore
import Testing

@testable import XQueueClient

struct ServerSentEventParserTests {
    private typealias Message = ServerSentEvents.Message

    private func messages(_ text: String, chunk: Int) -> [ServerSentEvents.Message] {
        var parser = ServerSentEventParser()
        var messages: [ServerSentEvents.Message] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            parser.feed(bytes[start..<min(start + chunk, bytes.count)])
            while let message = parser.next() { messages.append(message) }
        }
        return messages
    }

    @Test(arguments: [1, 2, 7, 1000])
    func messagesAreParsedWhereverChunksEnd(chunk: Int) {
        let text = """
            : heartbeat

            id: 1-2
            event: status
            data: {"a":"é\u{1F680}"}

            data: first
            data: second
            retry: 10

            id
            event:progress
            data:x


            """
        #expect(
            messages(text, chunk: chunk) == [
                Message(id: "1-2", name: "status", data: "{\"a\":\"é\u{1F680}\"}"),
                Message(id: "1-2", name: "message", data: "first\nsecond"),
                Message(id: "", name: "progress", data: "x"),
            ])
    }

    @Test func linesMayEndWithACarriageReturn() {
        #expect(messages("data: a\r\n\r\n", chunk: 3) == [Message(id: nil, data: "a")])
    }

    @Test func anEndlessMessageIsRejected() async throws {
        for part in ["data: ", "data: a\n"] {
            let text = String(repeating: part, count: 1_000_000)
            var messages = ServerSentEvents(body: .bytes(ByteBuffer(string: "data: x\n\n" + text)))
                .makeAsyncIterator()
            #expect(try await messages.next() == Message(data: "x"))
            let error = await #expect(throws: QueueClientError.self) { try await messages.next() }
            #expect(error?.code == .unexpectedAnswer)
        }
    }

    @Test func anIncompleteMessageIsNotReturned() {
        #expect(messages("data: a\n", chunk: 3) == [])
        #expect(messages("id: 4\n\n", chunk: 3) == [])
    }
}
