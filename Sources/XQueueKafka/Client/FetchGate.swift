#if Kafka && os(Linux)

import CRdKafka
import Foundation
import Synchronization

/// Keeps a consumer from sending fetch requests of version 16, whose responses can crash the process.
///
/// From such a response, librdkafka 2.5 and newer (tested up to 2.16) reads a partition's new leader (KIP-951),
/// and looks the topic up by name if the response has no topic identifier. The response has no name either, so
/// it compares with a null pointer (`rd_kafka_metadata_cache_find`). Some brokers respond this way after a
/// topic was deleted, and no property makes librdkafka use another version. So each broker's first response,
/// which lists the versions it supports, is passed to librdkafka with a smaller number. Version 15 lacks
/// nothing needed here: a new leader is found by querying for it.
///
/// librdkafka reports when it has sent that request and when it has received the response. In between, its
/// descriptor refers to a socket pair that delivers the modified response; afterwards it refers to the broker
/// again. With TLS the response cannot be read, and nothing is changed.
enum FetchGate {
    /// The newest version whose responses contain no leader's address.
    private static let newest: Int16 = 15
    private static let name = "xqueue-fetch"
    /// The first librdkafka that reads the addresses.
    private static let firstVersion: Int32 = 0x0205_0000
    /// The exchanges in progress, by the librdkafka thread that sent the request.
    private static let open = Mutex<[UInt: Exchange]>([:])

    /// - Parameter conf: The configuration of a consumer that connects to brokers without TLS.
    static func install(in conf: OpaquePointer) {
        guard rd_kafka_version() >= firstVersion else { return }
        rd_kafka_conf_interceptor_add_on_new(
            conf, name, { client, _, _, _, _ in FetchGate.listen(client) }, nil)
    }

    private static func listen(_ client: OpaquePointer?) -> rd_kafka_resp_err_t {
        rd_kafka_interceptor_add_on_request_sent(
            client, name,
            { _, socket, _, _, key, version, _, _, _ in
                if key == ApiVersions.key { FetchGate.asked(socket, version) }
                return RD_KAFKA_RESP_ERR_NO_ERROR
            }, nil)
        return rd_kafka_interceptor_add_on_response_received(
            client, name,
            { _, _, _, _, key, _, _, _, _, error, _ in
                if key == ApiVersions.key { FetchGate.answered(error) }
                return RD_KAFKA_RESP_ERR_NO_ERROR
            }, nil)
    }

    private static var thread: UInt { UInt(pthread_self()) }

    private static func asked(_ socket: Int32, _ version: Int16) {
        let thread = thread
        let exchange = Exchange(socket, version: version, newest: newest)
        let old = open.withLock { open in
            defer { open[thread] = exchange }
            return open[thread]
        }
        old?.end(isAnswered: false)
        exchange?.start { exchange in
            open.withLock { open in
                if open[thread] === exchange { open[thread] = nil }
            }
        }
    }

    private static func answered(_ error: rd_kafka_resp_err_t) {
        open.withLock { $0.removeValue(forKey: thread) }?.end(
            isAnswered: error == RD_KAFKA_RESP_ERR_NO_ERROR)
    }
}

/// One connection's `ApiVersions` exchange.
private final class Exchange: Sendable {
    /// Maximum response size, in bytes; real responses are far shorter.
    private static let maxAnswerBytes = 64 << 10
    /// librdkafka's descriptor, which refers to the socket pair for now.
    private let socket: Int32
    /// The end of the pair that the response is written to.
    private let pair: Int32
    /// The connection to the broker, for reading the response.
    private let broker: Int32
    /// The connection to the broker, to be restored; nil once it has been.
    private let kept: Mutex<Int32?>
    private let version: Int16
    private let newest: Int16

    /// Nil if the system has no descriptors left; nothing is changed then.
    init?(_ socket: Int32, version: Int16, newest: Int16) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
        let copies = [fcntl(socket, F_DUPFD_CLOEXEC, 0), fcntl(socket, F_DUPFD_CLOEXEC, 0)]
        guard copies.allSatisfy({ $0 >= 0 }), xqueue_replace_descriptor(socket, ends[0]) >= 0 else {
            for descriptor in ends + copies where descriptor >= 0 { close(descriptor) }
            return nil
        }
        close(ends[0])
        self.socket = socket
        self.version = version
        self.newest = newest
        pair = ends[1]
        broker = copies[0]
        kept = Mutex(copies[1])
    }

    /// Relays the response on a thread of its own, which ends with the exchange.
    func start(_ ended: @escaping @Sendable (Exchange) -> Void) {
        let thread = Thread { [self] in
            if var answer = read() {
                ApiVersions.limitFetch(to: newest, in: &answer, version: version)
                write(answer)
            }
            waitForEnd()
            end(isAnswered: false)
            close(pair)
            close(broker)
            ended(self)
        }
        thread.name = "kafka-versions"
        thread.stackSize = 128 * 1024
        thread.start()
    }

    /// Restores librdkafka's connection to the broker, or drops it if there was no response.
    func end(isAnswered: Bool) {
        kept.withLock { kept in
            guard let connection = kept.take() else { return }
            if isAnswered { _ = xqueue_replace_descriptor(socket, connection) }
            close(connection)
        }
    }

    /// The response without its length; nil if the connection or the exchange has ended.
    private func read() -> [UInt8]? {
        guard let head = read(4) else { return nil }
        let count = head.reduce(0) { $0 << 8 | Int($1) }
        return count <= Self.maxAnswerBytes ? read(count) : nil
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while bytes.count < count {
            var polled = [
                pollfd(fd: broker, events: Int16(POLLIN), revents: 0),
                pollfd(fd: pair, events: 0, revents: 0),
            ]
            guard poll(&polled, 2, -1) > 0 || errno == EINTR, polled[1].revents == 0 else { return nil }
            guard polled[0].revents != 0 else { continue }
            let got = recv(broker, &part, min(part.count, count - bytes.count), Int32(MSG_DONTWAIT))
            if got > 0 {
                bytes += part[..<got]
            } else if got == 0 || errno != EAGAIN && errno != EINTR {
                return nil
            }
        }
        return bytes
    }

    private func write(_ answer: [UInt8]) {
        let length = UInt32(truncatingIfNeeded: answer.count)
        var rest = withUnsafeBytes(of: length.bigEndian) { Array($0) } + answer
        while !rest.isEmpty {
            let sent = send(pair, rest, rest.count, Int32(MSG_NOSIGNAL))
            guard sent > 0 else {
                guard errno == EAGAIN || errno == EINTR else { return }
                var polled = pollfd(fd: pair, events: Int16(POLLOUT), revents: 0)
                poll(&polled, 1, -1)
                if polled.revents & Int16(POLLOUT) == 0 { return }
                continue
            }
            rest.removeFirst(sent)
        }
    }

    /// Waits until the other end of the pair is closed: librdkafka has its connection again, or has closed it.
    private func waitForEnd() {
        var polled = pollfd(fd: pair, events: 0, revents: 0)
        while poll(&polled, 1, -1) < 1 {}
    }
}

#endif
