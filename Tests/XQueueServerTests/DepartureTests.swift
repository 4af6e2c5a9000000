import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing
import XQueueCore

@testable import XQueueServer

/// A worker that is gone before it has its reply must not keep its tasks, and one that has it must not lose them.
@Suite("A client's departure") struct DepartureTests {
    private static func head(length: Int?) -> HTTPResponsePart {
        var response = HTTPResponse(status: .ok)
        response.headerFields[.contentLength] = length.map { "\($0)" }
        return .head(response)
    }

    private static func body(_ text: String) -> HTTPResponsePart { .body(ByteBuffer(string: text)) }

    /// How often it is told when the client leaves behind these parts of its reply.
    private static func departures(after parts: [HTTPResponsePart]) throws -> Int {
        let channel = EmbeddedChannel(handler: DepartureWatch())
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let told = AsyncCounter()
        DepartureWatch.watch(channel) { told.advance() }
        channel.embeddedEventLoop.run()
        for part in parts { try channel.writeOutbound(part) }
        channel.pipeline.fireChannelInactive()
        return told.value
    }

    @Test("is told once if the reply was not whole") func early() throws {
        #expect(try Self.departures(after: []) == 1)
        #expect(try Self.departures(after: [Self.head(length: 5)]) == 1)
        #expect(try Self.departures(after: [Self.head(length: 5), Self.body("hell")]) == 1)
        #expect(try Self.departures(after: [Self.head(length: nil), Self.body("hello")]) == 1)
    }

    @Test("is none behind the last byte of a body, or the end of a reply whose length was not told")
    func late() throws {
        let parts = [Self.head(length: 5), Self.body("hel"), Self.body("lo")]
        #expect(try Self.departures(after: parts) == 0)
        #expect(try Self.departures(after: parts + [.end(nil)]) == 0)
        #expect(try Self.departures(after: [Self.head(length: 0), .end(nil)]) == 0)
        #expect(try Self.departures(after: [Self.head(length: nil), Self.body("hello"), .end(nil)]) == 0)
    }
}
