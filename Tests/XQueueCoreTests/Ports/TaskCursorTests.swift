import Testing
import XQueueCore

@Suite("List cursor") struct TaskCursorTests {
    @Test("Round-trips through its text form")
    func text() {
        let ids = [
            TaskID(high: 0, low: 0), TaskID(high: .max, low: .max), TaskIDGenerator().next(),
            TaskID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210),
        ]
        for id in ids {
            for rank in [nil, 0, -8_589_934_592, Int64.max, .min] {
                let cursor = TaskCursor(last: id, rank: rank)
                #expect(TaskCursor(cursor.description) == cursor)
                #expect(cursor.description.utf8.allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "+") })
            }
        }
        #expect(TaskCursor(last: ids[3]).description == "v1.0123456789abcdeffedcba9876543210")
    }

    @Test(
        "Any other text is rejected",
        arguments: [
            "", "v1", "v1.", "10", "v1.0123456789abcdeffedcba987654321",
            "v1.0123456789abcdeffedcba98765432100",
            "v2.0123456789abcdeffedcba9876543210", "v1.0123456789ABCDEFFEDCBA9876543210",
            "v1.0123456789abcdeffedcba987654321g", "0123456789abcdeffedcba9876543210",
            "v1.0123456789abcdeffedcba9876543210.", "v1.0123456789abcdeffedcba9876543210.x",
            "v1.0123456789abcdeffedcba9876543210.+1", "v1.0123456789abcdeffedcba9876543210.01",
            "v1.0123456789abcdeffedcba9876543210.1.1", "v1.0123456789abcdeffedcba9876543210 ",
            "v1.01234567-9abcdeffedcba98765432100", "v1.\u{0660}123456789abcdeffedcba987654321",
            "v1.0123456789abcdeffedcba9876543210.9223372036854775808",
        ])
    func other(text: String) {
        #expect(TaskCursor(text) == nil)
    }
}
