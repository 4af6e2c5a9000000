import AsyncHTTPClient
import NIOCore

/// The messages of an event stream, parsed as the HTML standard (9.2.6) specifies.
struct ServerSentEvents: AsyncSequence {
    struct Message: Equatable {
        /// The last identifier received; nil if none was.
        var id: String?
        var name = "message"
        var data = ""
    }

    /// Maximum size of a message in bytes; events are a few KiB long.
    static let maxMessageBytes = 1 << 20

    let body: HTTPClientResponse.Body

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(chunks: body.makeAsyncIterator())
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var chunks: HTTPClientResponse.Body.AsyncIterator
        var parser = ServerSentEventParser()

        mutating func next() async throws -> Message? {
            let maxMessageBytes = ServerSentEvents.maxMessageBytes
            while true {
                if let message = parser.next() { return message }
                guard parser.pendingBytes <= maxMessageBytes else {
                    throw QueueClientError(
                        .unexpectedAnswer, "the server sent an event of more than \(maxMessageBytes) bytes")
                }
                guard let chunk = try await chunks.next() else { return nil }
                parser.feed(chunk.readableBytesView)
            }
        }
    }
}

/// Splits a stream of bytes into messages.
struct ServerSentEventParser {
    private var bytes: [UInt8] = []
    private var start = 0
    private var lastID: String?
    private var message = ServerSentEvents.Message()
    private var hasData = false

    /// Size of the message that is not complete yet.
    var pendingBytes: Int { bytes.count - start + message.data.utf8.count }

    mutating func feed(_ chunk: some Sequence<UInt8>) {
        bytes.removeFirst(start)
        start = 0
        bytes.append(contentsOf: chunk)
    }

    /// Returns the next complete message; nil if more bytes are needed.
    mutating func next() -> ServerSentEvents.Message? {
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            var line = bytes[start..<end]
            start = end + 1
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            guard line.isEmpty else {
                take(String(decoding: line, as: UTF8.self))
                continue
            }
            defer {
                message = ServerSentEvents.Message()
                hasData = false
            }
            guard hasData else { continue }
            message.id = lastID
            return message
        }
        return nil
    }

    private mutating func take(_ line: String) {
        let colon = line.firstIndex(of: ":") ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == " " { value = value.dropFirst() }
        switch line[..<colon] {
        case "data":
            message.data += hasData ? "\n" + value : String(value)
            hasData = true
        case "event": message.name = String(value)
        case "id": lastID = String(value)
        // Ignore comments and unknown fields.
        default: break
        }
    }
}
