import Testing
import XQueueClient
import XQueueCore

@testable import XQueueCLI

struct WatchBoardTests {
    private func event(_ json: String) throws -> QueueEvent {
        try #require(QueueEvent(json: json))
    }

    private func id(_ number: Int) -> TaskID {
        TaskID(high: UInt64(number) << 16 | 0x7000, low: 0x8000_0000_0000_0000)
    }

    private func status(
        _ status: String, task: Int = 1, error: String? = nil, retries: Int = 0
    ) throws -> QueueEvent {
        let error = error.map { "\"\($0)\"" } ?? "null"
        return try event(
            """
            {"event":"status","cursor":"1-1","task_id":"\(id(task))","type":"mail","status":"\(status)",\
            "previous_status":null,"version":1,"retry_count":\(retries),"error":\(error),"worker_id":"n1",\
            "timestamp":"2026-01-01T00:00:00.000Z"}
            """)
    }

    private func progress(_ percent: Double, task: Int = 1, message: String = "") throws -> QueueEvent {
        try event(
            """
            {"event":"progress","cursor":"1-2","task_id":"\(id(task))","type":"mail","progress":\(percent),\
            "progress_message":"\(message)","worker_id":"n1","timestamp":"2026-01-01T00:00:00.000Z"}
            """)
    }

    @Test func aProgramGetsTabs() throws {
        var board = WatchBoard(isTerminal: false)
        let line = try #require(board.apply(try status("failed", error: "disk\\tfull", retries: 3)))
        let values = line.split(separator: "\t", omittingEmptySubsequences: false)
        #expect(values.count == 5)
        #expect(values[2] == "failed")
        #expect(values[4] == "retry 3  disk full")
    }

    @Test func aRunningTaskHasABarUntilItEnds() throws {
        var board = WatchBoard()
        #expect(board.apply(try status("pending"))?.contains("pending") == true)
        #expect(board.lines(width: 80) == [])
        let begun = try #require(board.apply(try status("processing")))
        #expect(begun.hasSuffix("mail  on n1"))
        #expect(board.apply(try progress(50, message: "halfway")) == nil)
        let bar = try #require(board.lines(width: 120).first)
        #expect(bar.filter { $0 == "█" }.count == 12)
        #expect(bar.filter { $0 == "░" }.count == 12)
        #expect(bar.hasSuffix("50 %  mail halfway"))
        #expect(board.apply(try status("success"))?.contains("success") == true)
        #expect(board.lines(width: 80) == [])
    }

    @Test func aChangeFromPendingToPendingIsAnEdit() throws {
        var board = WatchBoard(isTerminal: false)
        for (previous, word) in [("null", "pending"), (#""canceled""#, "pending"), (#""pending""#, "edited")]
        {
            let change = try event(
                """
                {"event":"status","cursor":"1-1","task_id":"\(id(1))","type":"mail","status":"pending",\
                "previous_status":\(previous),"version":2,"retry_count":0,"error":null,"worker_id":null,\
                "timestamp":"2026-01-01T00:00:00.000Z"}
                """)
            let line = board.apply(change)
            #expect(line?.hasSuffix("\t\(word)\tmail") == true)
        }
        #expect(board.lines(width: 80) == [])
    }

    @Test func aFailureIsExplainedOnOneLine() throws {
        var board = WatchBoard()
        let line = try #require(board.apply(try status("failed", error: "disk\\nfull\\u001b[2J", retries: 3)))
        #expect(line.hasSuffix("failed      mail  retry 3  disk full [2J"))
    }

    @Test func barsAreBoundedInNumberAndWidth() throws {
        var board = WatchBoard()
        for number in 0..<(WatchBoard.maxBars + 7) {
            _ = board.apply(try status("processing", task: number))
        }
        let lines = board.lines(width: 30)
        #expect(lines.count == WatchBoard.maxBars + 1)
        #expect(lines.last == "… and 7 more run")
        #expect(lines.allSatisfy { $0.count <= 30 })
        #expect(lines.first?.hasPrefix(id(0).description.prefix(30)) == true)
    }
}
