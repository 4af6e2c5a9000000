import Foundation
import Testing

@testable import XQueueCLI

struct WatchBoardTests {
    private func event(_ json: String) throws -> WatchedEvent {
        try JSONDecoder().decode(WatchedEvent.self, from: Data(json.utf8))
    }

    private func status(
        _ status: String, task: String = "t1", error: String? = nil, retries: Int = 0
    ) throws -> WatchedEvent {
        let error = error.map { "\"\($0)\"" } ?? "null"
        return try event(
            """
            {"event":"status","cursor":"1-1","task_id":"\(task)","type":"mail","status":"\(status)",\
            "previous_status":null,"version":1,"retry_count":\(retries),"error":\(error),"worker_id":"n1",\
            "timestamp":"2026-01-01T00:00:00.000Z"}
            """)
    }

    private func progress(_ percent: Double, task: String = "t1", message: String = "") throws -> WatchedEvent
    {
        try event(
            """
            {"event":"progress","cursor":"1-2","task_id":"\(task)","type":"mail","progress":\(percent),\
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
        let bar = try #require(board.lines(width: 80).first)
        #expect(bar.filter { $0 == "█" }.count == 12)
        #expect(bar.filter { $0 == "░" }.count == 12)
        #expect(bar.hasSuffix("50 %  mail halfway"))
        #expect(board.apply(try status("success"))?.contains("success") == true)
        #expect(board.lines(width: 80) == [])
    }

    @Test func aFailureSaysWhyOnOneLine() throws {
        var board = WatchBoard()
        let line = try #require(board.apply(try status("failed", error: "disk\\nfull\\u001b[2J", retries: 3)))
        #expect(line.hasSuffix("failed      mail  retry 3  disk full [2J"))
    }

    @Test func barsAreBoundedInNumberAndWidth() throws {
        var board = WatchBoard()
        for number in 0..<(WatchBoard.maxBars + 7) {
            _ = board.apply(try status("processing", task: "task-\(number)"))
        }
        let lines = board.lines(width: 30)
        #expect(lines.count == WatchBoard.maxBars + 1)
        #expect(lines.last == "… and 7 more run")
        #expect(lines.allSatisfy { $0.count <= 30 })
        #expect(lines.first?.hasPrefix("task-0") == true)
    }
}
