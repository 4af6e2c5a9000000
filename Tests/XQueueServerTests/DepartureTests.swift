import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing
import XQueueCore

@testable import XQueueServer

/// A worker that disconnects before it has its reply must not keep its tasks, and one that has it must not lose them.
@Suite("Client disconnects") struct DepartureTests {
    private static func head(length: Int?) -> HTTPResponsePart {
        var response = HTTPResponse(status: .ok)
        response.headerFields[.contentLength] = length.map { "\($0)" }
        return .head(response)
    }

    private static func body(_ text: String) -> HTTPResponsePart { .body(ByteBuffer(string: text)) }

    /// How often a disconnect after these parts of the reply is reported.
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

    @Test("are reported once if the reply was incomplete") func early() throws {
        #expect(try Self.departures(after: []) == 1)
        #expect(try Self.departures(after: [Self.head(length: 5)]) == 1)
        #expect(try Self.departures(after: [Self.head(length: 5), Self.body("hell")]) == 1)
        #expect(try Self.departures(after: [Self.head(length: nil), Self.body("hello")]) == 1)
    }

    @Test("are not reported after the last byte of a body, or after the end of a reply without a length")
    func late() throws {
        let parts = [Self.head(length: 5), Self.body("hel"), Self.body("lo")]
        #expect(try Self.departures(after: parts) == 0)
        #expect(try Self.departures(after: parts + [.end(nil)]) == 0)
        #expect(try Self.departures(after: [Self.head(length: 0), .end(nil)]) == 0)
        #expect(try Self.departures(after: [Self.head(length: nil), Self.body("hello"), .end(nil)]) == 0)
    }
}
