#if Kafka && os(Linux)

import CRdKafka
import Foundation
import Synchronization

/// Keeps a reader from asking for records in version 16 of that request, which ends the process.
///
/// librdkafka 2.5 and newer (seen up to 2.16) take from the answer to it who leads a partition now (KIP-951), and look
/// for the topic by its name if the answer names it by no identifier. There is no name in such an answer: it compares
/// with a null pointer (`rd_kafka_metadata_cache_find`). Some brokers answer so once a topic was deleted, and no
/// property makes librdkafka ask in another version. So the first answer of each broker, in which it says
/// which versions it knows, is handed to librdkafka with a smaller number in it. In version 15 nothing is missing
/// here: a new leader is found by asking for it.
///
/// librdkafka tells when it has sent that question and when it has the answer. In between its descriptor leads
/// to a pair of sockets, over which the answer comes; then it leads to the broker again. With TLS nobody can read the
/// answer, and nothing is done.
enum FetchGate {
    /// The newest version whose answers name no leader's address.
    private static let newest: Int16 = 15
    private static let name = "xqueue-fetch"
    /// The first librdkafka that reads the addresses.
    private static let firstVersion: Int32 = 0x0205_0000
    /// The exchanges under way, by the thread of librdkafka that has asked.
    private static let open = Mutex<[UInt: Exchange]>([:])

    /// - Parameter conf: Of a client that reads, and that speaks to brokers without TLS.
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

/// The question of one connection, until it is answered.
private final class Exchange: Sendable {
    /// An answer is shorter by far, in bytes.
    private static let longestAnswer = 64 << 10
    /// librdkafka's descriptor, which leads to the pair of sockets for now.
    private let socket: Int32
    /// Where the answer is written for it.
    private let pair: Int32
    /// The connection to the broker, to read the answer from.
    private let broker: Int32
    /// The connection to the broker, to be given back; nil once it was.
    private let kept: Mutex<Int32?>
    private let version: Int16
    private let newest: Int16

    /// Nil if the system has no descriptors left: then nothing is changed.
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

    /// Brings the answer over on a thread of its own, which ends with the exchange.
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

    /// librdkafka's descriptor leads to the broker again, or the connection is over.
    func end(isAnswered: Bool) {
        kept.withLock { kept in
            guard let connection = kept.take() else { return }
            if isAnswered { _ = xqueue_replace_descriptor(socket, connection) }
            close(connection)
        }
    }

    /// The answer without its length; nil if the connection or the exchange is over.
    private func read() -> [UInt8]? {
        guard let head = read(4) else { return nil }
        let count = head.reduce(0) { $0 << 8 | Int($1) }
        return count <= Self.longestAnswer ? read(count) : nil
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

    /// Returns once nobody has the other end of the pair: librdkafka has its connection again, or has closed it.
    private func waitForEnd() {
        var polled = pollfd(fd: pair, events: 0, revents: 0)
        while poll(&polled, 1, -1) < 1 {}
    }
}

#endif
