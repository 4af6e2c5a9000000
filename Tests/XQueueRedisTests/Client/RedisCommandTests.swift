#if Redis

import Testing
@testable import XQueueRedis

@Suite("Commands")
struct RedisCommandTests {
    @Test("Arguments of every type are encoded with their length in bytes")
    func encoding() {
        var command = RedisCommand("SET", capacity: 16)
        command.append("kö")
        command.append([0, 13, 10, 255])
        command.append(Int64(-12))
        command.append(7)
        command.append("")
        let expected: [UInt8] =
            Array("$3\r\nSET\r\n$3\r\nkö\r\n$4\r\n".utf8) + [0, 13, 10, 255]
            + Array("\r\n$3\r\n-12\r\n$1\r\n7\r\n$0\r\n\r\n".utf8)
        #expect(command.count == 6)
        #expect(command.body == expected)
    }

    @Test("A command with arguments in its initializer")
    func oneLine() {
        #expect(RedisCommand("GET", "key").body == Array("$3\r\nGET\r\n$3\r\nkey\r\n".utf8))
        #expect(RedisCommand("PING").count == 1)
    }

    @Test(
        "Numbers are formatted as by Swift",
        arguments: [0, 1, 9, 10, 99, 100, -1, -10, 1_234_567_890, .max, .min] as [Int64])
    func digits(_ number: Int64) {
        let digits = DecimalDigits(number)
        #expect(digits.bytes == Array(String(number).utf8))
        #expect(digits.count == String(number).utf8.count)
    }
}

#endif
