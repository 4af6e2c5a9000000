import Testing

@testable import XQueueHandlers

@Suite struct LineSplitterTests {
    private func lines(_ chunks: [String], limit: Int = 100) -> [LineSplitter.Line] {
        var splitter = LineSplitter(limit: limit)
        var lines: [LineSplitter.Line] = []
        for chunk in chunks {
            Array(chunk.utf8).withUnsafeBytes { splitter.take($0) { lines.append($0) } }
        }
        if let last = splitter.finish() { lines.append(last) }
        return lines
    }

    @Test func linesMayComeInAnyPieces() {
        let text = "one\ntwo\r\n\nthree ü\nlast"
        let expected = ["one", "two", "", "three ü", "last"].map { LineSplitter.Line(text: $0, isCut: false) }
        #expect(lines([text]) == expected)
        for cut in 1..<text.utf8.count {
            let bytes = Array(text.utf8)
            var splitter = LineSplitter(limit: 100)
            var found: [LineSplitter.Line] = []
            bytes[..<cut].withUnsafeBytes { splitter.take($0) { found.append($0) } }
            bytes[cut...].withUnsafeBytes { splitter.take($0) { found.append($0) } }
            if let last = splitter.finish() { found.append(last) }
            #expect(found == expected, "cut at \(cut)")
        }
    }

    @Test func aLongLineIsCutAndTheNextIsWhole() {
        #expect(
            lines(["12345678", "90\nab\n"], limit: 4) == [
                LineSplitter.Line(text: "1234", isCut: true), LineSplitter.Line(text: "ab", isCut: false),
            ])
        #expect(lines(["1234\n"], limit: 4) == [LineSplitter.Line(text: "1234", isCut: false)])
        #expect(lines(["12345"], limit: 4) == [LineSplitter.Line(text: "1234", isCut: true)])
    }

    @Test func whatIsNotUTF8IsReplaced() {
        var splitter = LineSplitter(limit: 100)
        var found: [LineSplitter.Line] = []
        [UInt8]([0x61, 0xFF, 0x0A]).withUnsafeBytes { splitter.take($0) { found.append($0) } }
        #expect(found == [LineSplitter.Line(text: "a\u{FFFD}", isCut: false)])
    }
}
