import Foundation
import XQueueCore

@testable import XQueueClient

extension FuzzReader {
    /// A server's event stream: the same messages however the network cuts them.
    static let eventStream = FuzzReader("event-stream") { bytes in
        let stream = bytes.dropFirst()
        let whole = messages([Array(stream)])
        try require(
            whole == messages(stream.pieces(of: 1 + Int(bytes.first ?? 0) % 32)), "read otherwise in pieces")
        return whole.map { QueueEvent(json: $0.data) != nil }.contains(true)
    }

    private static func messages(_ chunks: [[UInt8]]) -> [ServerSentEvents.Message] {
        var parser = ServerSentEventParser()
        var messages: [ServerSentEvents.Message] = []
        for chunk in chunks {
            parser.feed(chunk)
            while let message = parser.next() { messages.append(message) }
        }
        return messages
    }

    /// A server's replies. Payloads are kept byte for byte, and are JSON.
    static let apiReply = FuzzReader("api-reply") { bytes in
        guard let json = try? RawJSON(bytes: bytes) else { return false }
        if var task = try? json.decode(QueueTask.self) {
            let decoded = task.payload
            try require((try? RawJSON(decoded.text)) == decoded, "a payload that is not JSON: \(decoded)")
            try task.keep(json)
            let kept = task.payload
            try require((try? RawJSON(kept.text)) == kept, "a payload that is not JSON: \(kept)")
            return true
        }
        if var batch = try? json.decode(LeaseBatch.self) {
            try batch.keep(json)
            return true
        }
        if var page = try? json.decode(QueueTaskPage.self) {
            try page.keep(json)
            return true
        }
        if var page = try? json.decode(QueueSchedulePage.self) {
            try page.keep(json)
            return true
        }
        return (try? json.decode(ServerStatistics.self)) != nil || (try? json.decode(LeaseState.self)) != nil
            || QueueEvent(json: json.text) != nil
    }
}
