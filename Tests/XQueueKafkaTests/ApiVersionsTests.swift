#if Kafka

import Testing

@testable import XQueueKafka

@Suite("Kafka API versions") struct ApiVersionsTests {
    /// API keys with their oldest and newest version.
    private static let list: [(UInt8, UInt8, UInt8)] = [(0, 0, 11), (1, 4, 17), (18, 0, 4)]

    /// - Parameter tags: The tagged fields of each item.
    private static func answer(
        isCompact: Bool, error: UInt8 = 0, tags: [UInt8] = [0], list: [(UInt8, UInt8, UInt8)] = Self.list
    ) -> [UInt8] {
        // Correlation ID, error code, list, throttle time.
        var bytes: [UInt8] = [0, 0, 0, 7, 0, error]
        bytes += isCompact ? [UInt8(list.count + 1)] : [0, 0, 0, UInt8(list.count)]
        for (key, oldest, newest) in list {
            bytes += [0, key, 0, oldest, 0, newest]
            if isCompact { bytes += tags }
        }
        bytes += [0, 0, 0, 0]
        if isCompact { bytes.append(0) }
        return bytes
    }

    @Test("Only the newest Fetch version is lowered", arguments: [Int16(0), 2, 3, 4])
    func lowered(_ version: Int16) {
        let isCompact = version >= 3
        let before = Self.answer(isCompact: isCompact)
        var answer = before
        ApiVersions.limitFetch(to: 15, in: &answer, version: version)
        let changed = before.indices.filter { before[$0] != answer[$0] }
        #expect(changed.map { before[$0] } == [17])
        #expect(changed.map { answer[$0] } == [15])
    }

    @Test("A Fetch version that is listed twice is lowered twice") func twice() {
        var answer = Self.answer(isCompact: true, list: Self.list + Self.list)
        ApiVersions.limitFetch(to: 15, in: &answer, version: 4)
        #expect(answer.filter { $0 == 15 }.count == 2 && !answer.contains(17))
    }

    @Test("Tagged fields are skipped") func tags() {
        // Two of them: tag 1 with three bytes that look like the version, tag 300 with none.
        let before = Self.answer(isCompact: true, tags: [2, 1, 3, 0, 17, 17, 0xAC, 2, 0])
        var answer = before
        ApiVersions.limitFetch(to: 15, in: &answer, version: 4)
        let changed = before.indices.filter { before[$0] != answer[$0] }
        #expect(changed.map { answer[$0] } == [15])
        #expect(changed == [7 + 6 + 9 + 5])
    }

    @Test("An unsupported request version is answered in version 0") func unsupported() {
        var answer = Self.answer(isCompact: false, error: 35)
        ApiVersions.limitFetch(to: 15, in: &answer, version: 4)
        #expect(answer.contains(15) && !answer.contains(17))
    }

    @Test("A broker with only older or only newer Fetch versions stays unchanged") func untouched() {
        for newest: Int16 in [17, 20, 3] {
            let before = Self.answer(isCompact: true)
            var answer = before
            ApiVersions.limitFetch(to: newest, in: &answer, version: 3)
            #expect(answer == before)
        }
    }

    @Test("Truncated or damaged bytes do no harm") func damaged() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<10_000 {
            var answer = Self.answer(isCompact: Bool.random())
            answer.removeLast(Int.random(in: 0...answer.count, using: &random))
            for _ in 0..<3 where !answer.isEmpty {
                answer[Int.random(in: 0..<answer.count, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            let count = answer.count
            ApiVersions.limitFetch(to: 15, in: &answer, version: Int16.random(in: 0...4, using: &random))
            #expect(answer.count == count)
        }
    }
}

#endif
