import Foundation
import Synchronization

/// Subscribes to a topic over WebSocket, with the same bytes as the page in the documentation.
package final class WebSocketSubscriber: Sendable {
    private struct State {
        var messages: [(topic: String, payload: String)] = []
        var isSubscribed = false
        var failure: String?
        var isOver = false
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared = Shared()

    package init(port: Int, topic: String) {
        let shared = shared
        // It blocks, which is not allowed on Swift Concurrency's threads.
        let thread = Thread {
            do {
                try Self.run(port, topic, shared)
            } catch {
                shared.state.withLock { $0.failure = "\(error)" }
            }
        }
        thread.start()
    }

    deinit {
        shared.state.withLock { $0.isOver = true }
    }

    package var isSubscribed: Bool { shared.state.withLock { $0.isSubscribed } }
    /// Topic and payload of each message received so far.
    package var messages: [(topic: String, payload: String)] { shared.state.withLock { $0.messages } }
    /// The failure, if any.
    package var failure: String? { shared.state.withLock { $0.failure } }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static func run(_ port: Int, _ topic: String, _ shared: Shared) throws {
        let socket = LoopbackSocket()
        socket.limit(seconds: 1)
        let request =
            "GET /mqtt HTTP/1.1\r\nHost: localhost:\(port)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Protocol: mqtt\r\n\r\n"
        guard socket.connect(port), socket.write(Array(request.utf8)) else {
            throw Failure(description: "no connection")
        }
        var bytes: [UInt8] = []
        while bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
            guard let more = socket.read() else { throw Failure(description: "no reply") }
            bytes += more
        }
        let head = String(decoding: bytes, as: UTF8.self)
        guard head.hasPrefix("HTTP/1.1 101"), head.lowercased().contains("sec-websocket-protocol: mqtt")
        else {
            throw Failure(description: head)
        }
        bytes = bytes.firstRange(of: Array("\r\n\r\n".utf8)).map { Array(bytes[$0.upperBound...]) } ?? []
        let connect = packet(0x10, string("MQTT") + [4, 2, 0, 60] + string("page"))
        guard socket.write(frame(connect)) else { throw Failure(description: "the connection broke") }
        var stream: [UInt8] = []
        while !shared.state.withLock({ $0.isOver }) {
            while let (payload, rest) = unframed(bytes) {
                stream += payload
                bytes = rest
            }
            while let (type, body, rest) = unpacked(stream) {
                stream = rest
                switch type {
                case 2: _ = socket.write(frame(packet(0x82, [0, 1] + string(topic) + [0])))
                case 9: shared.state.withLock { $0.isSubscribed = true }
                case 3:
                    let end = 2 + (Int(body[0]) << 8 | Int(body[1]))
                    let topic = String(decoding: body[2..<end], as: UTF8.self)
                    let payload = String(decoding: body[end...], as: UTF8.self)
                    shared.state.withLock { $0.messages.append((topic, payload)) }
                default: break
                }
            }
            // Silence for a second is not an error.
            bytes += socket.read() ?? []
        }
    }

    // MARK: - MQTT

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }

    /// Supports short packets only.
    private static func packet(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type, UInt8(body.count)] + body
    }

    private static func unpacked(_ stream: [UInt8]) -> (type: UInt8, body: [UInt8], rest: [UInt8])? {
        var length = 0
        var at = 1
        while at < stream.count {
            length |= Int(stream[at] & 127) << (7 * (at - 1))
            if stream[at] < 128 { break }
            at += 1
        }
        guard at < stream.count, at + 1 + length <= stream.count else { return nil }
        return (
            stream[0] >> 4, Array(stream[(at + 1)..<(at + 1 + length)]), Array(stream[(at + 1 + length)...])
        )
    }

    // MARK: - WebSocket

    /// Returns a masked binary frame, with a mask of zeros.
    private static func frame(_ payload: [UInt8]) -> [UInt8] {
        [0x82, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload
    }

    private static func unframed(_ bytes: [UInt8]) -> (payload: [UInt8], rest: [UInt8])? {
        guard bytes.count >= 2 else { return nil }
        var start = 2
        var length = Int(bytes[1] & 127)
        if length == 126 {
            guard bytes.count >= 4 else { return nil }
            length = Int(bytes[2]) << 8 | Int(bytes[3])
            start = 4
        } else if length == 127 {
            guard bytes.count >= 10 else { return nil }
            length = bytes[2..<10].reduce(0) { $0 << 8 | Int($1) }
            start = 10
        }
        guard bytes.count >= start + length else { return nil }
        return (Array(bytes[start..<(start + length)]), Array(bytes[(start + length)...]))
    }
}
