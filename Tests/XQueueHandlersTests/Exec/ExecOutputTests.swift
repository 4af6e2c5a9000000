import Testing
import XQueueCore

@testable import XQueueHandlers

/// A program's progress messages, whatever text they contain.
@Suite struct ExecOutputTests {
    @Test(arguments: [
        (#"{"progress": 40, "message": "caf\udce9"}"#, "caf\u{FFFD}"),
        (#"{"progress": 40, "message": "a\u0000b"}"#, "a␀b"),
        ("{\"progress\": 40, \"message\": \"a\u{1B}[1m\tb\"}", "a␛[1m\tb"),
    ])
    func oddMessagesAreRepaired(line: String, message: String) {
        var output = ExecOutput()
        let progress = output.take(LineSplitter.Line(text: line, isCut: false))
        #expect(progress == TaskProgress(percent: 40, message: message))
        #expect(output.lastLine == nil)
    }

    @Test func aMessageThatIsNoTextMakesItAResult() {
        var output = ExecOutput()
        let line = #"{"progress": 40, "message": {"a": 1}}"#
        #expect(output.take(LineSplitter.Line(text: line, isCut: false)) == nil)
        #expect(output.result?.text == line)
    }
}
