import Testing
import XQueueCore
import XQueueTesting

@Suite("Model values")
struct ModelValueTests {
    @Test(arguments: [
        ("", 0, ""), ("abc", 3, "abc"), ("abc", 2, "ab"), ("abc", 0, ""), ("é", 1, ""), ("aé", 2, "a"),
        ("é", 2, "é"), ("😀", 3, ""), ("a😀b", 5, "a😀"), ("a😀b", 4, "a"), ("日本", 5, "日"),
        ("e\u{301}x", 3, "e\u{301}"), ("e\u{301}x", 2, "e"),
    ])
    func truncationNeverSplitsACharactersBytes(_ text: String, _ limit: Int, _ expected: String) {
        let truncated = text.truncated(toBytes: limit)
        #expect(truncated == expected)
        #expect(truncated.utf8.count <= max(limit, 0))
    }

    @Test func truncatesRandomText() {
        let random = SeededRandomSource(seed: 3)
        let alphabet: [Character] = ["a", "é", "€", "😀", "\u{301}", "\n"]
        for _ in 0..<500 {
            let text = String((0..<20).map { _ in alphabet[Int(random.next() % 6)] })
            let limit = Int(random.next() % 50)
            let truncated = text.truncated(toBytes: limit)
            #expect(text.utf8.starts(with: truncated.utf8))
            #expect(truncated.utf8.count <= limit)
            #expect(truncated.utf8.count > limit - 4 || truncated == text)
        }
    }

    @Test func messagesAreBounded() {
        let long = String(repeating: "é", count: 5000)
        #expect(AttemptFailure(long).message.utf8.count == ModelLimits.errorBytes)
        let progress = TaskProgress(percent: 1, message: long)
        #expect(progress.message?.utf8.count == ModelLimits.progressMessageBytes)
    }

    @Test func progressStaysBetween0And100() {
        let pairs: [(Double, Double)] = [
            (-1, 0), (0, 0), (33.3, 33.3), (100, 100), (101, 100), (.nan, 0), (.infinity, 100),
            (-.infinity, 0),
        ]
        for (given, kept) in pairs { #expect(TaskProgress(percent: given).percent == kept) }
    }

    @Test func codesOfStatusesAndReasonsGoBothWays() {
        for status in TaskStatus.allCases { #expect(TaskStatus(code: status.code) == status) }
        for reason in PendingReason.allCases { #expect(PendingReason(code: reason.code) == reason) }
        #expect(TaskStatus(code: 6) == nil)
        #expect(PendingReason(code: -1) == nil)
        #expect(TaskStatus.allCases.filter(\.isFinal) == [.success, .failed, .canceled, .timeout])
    }

    @Test func leaseTokensFitIntoADouble() {
        for number in [0, 1, UInt64.max] {
            let token = LeaseToken(random: SequenceSource([number]))
            #expect(token.rawValue >= 1)
            #expect(token.offset(by: 100_000).rawValue <= 1 << 52)
        }
    }

    @Test func drawsLieBetween0And1() {
        for number in [0, 1 << 11, UInt64.max] {
            let draw = SequenceSource([number]).draw()
            #expect(draw >= 0 && draw < 1)
        }
    }
}
