import Foundation
import Testing

@testable import XQueueCron

@Suite("Time zones") struct ZoneTests {
    @Test("The machine has zones, and says which version") func folder() throws {
        #expect(ZoneFolder.system.path != nil, "tzdata is not installed")
        #expect(throws: Never.self) { try ZoneFolder.system.zone("Europe/Berlin") }
        #expect(throws: Never.self) { try ZoneFolder.system.zone("America/Argentina/Buenos_Aires") }
    }

    @Test(
        "A name that is no zone is unknown, and leads nowhere else",
        arguments: [
            "", "Europe", "Europe/Bielefeld", "europe/berlin", "../etc/passwd", "/etc/localtime",
            "Europe/../UTC", "Europe//Berlin",
            "Europe/Berlin/", "posix/UTC", "Ümläut", "A\0B", "tzdata.zi", String(repeating: "A", count: 300),
        ])
    func unknown(name: String) {
        #expect(throws: ZoneFolder.Problem.unknown(name)) { try ZoneFolder.system.zone(name) }
    }

    @Test("Without tzdata only UTC is known") func empty() throws {
        let folder = ZoneFolder(path: nil)
        #expect(try folder.zone("UTC").offset(at: 0) == 0)
        #expect(throws: ZoneFolder.Problem.noZones) { try folder.zone("Europe/Berlin") }
        #expect(folder.version == nil)
    }

    @Test("A rule for the future holds in both hemispheres and with every kind of day") func footers() throws
    {
        // Seconds since 1970 of 1 January and 1 July 2050.
        let (winter, summer) = (2_524_608_000, 2_540_246_400)
        let lines: [(String, Int, Int)] = [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200),
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 39_600, 37_800),
            ("EST5EDT,J60/2,J300/2", -18_000, -14_400), ("EST5EDT,59/2,300/2", -18_000, -14_400),
            ("CET-1", 3600, 3600),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3600), ("XXX3EDT4,0/0,J365/23", -14_400, -14_400),
        ]
        for (line, first, second) in lines {
            let zone = ZoneRules(try ZoneFile(Self.file(footer: line)))
            #expect(zone.offset(at: winter) == first, "\(line)")
            #expect(zone.offset(at: summer) == second, "\(line)")
        }
    }

    @Test("All zones of the machine have the offsets that Python reads") func python() throws {
        let path = try #require(ZoneFolder.system.path)
        let lines = try Self.output(of: ["python3", "-B", "Tests/Zones/offsets.py", path])
        var checked: Set<String> = []
        for line in lines {
            let words = line.split(separator: " ")
            // Links in lower case, such as that of the local time, are not zones here.
            guard words.count == 3, let time = Int(words[1]), let first = line.first, first.isUppercase else {
                continue
            }
            let offset = try ZoneFolder.system.zone(String(words[0])).offset(at: time)
            #expect(offset == Int(words[2]), "\(line)")
            checked.insert(String(words[0]))
        }
        #expect(checked.count > 300)
    }

    /// The lines that a command prints; its paths begin at the package's folder.
    private static func output(of command: [String]) throws -> [String] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(filePath: #filePath).appending(path: "../../..").standardized
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("Segments of a zone fit together", arguments: CronReference.zones)
    func segments(name: String) throws {
        let zone = try ZoneFolder.system.zone(name)
        var segment = zone.segment(at: -3_000_000_000)
        var count = 0
        while segment.end < 5_000_000_000 {
            let next = zone.segment(at: segment.end)
            #expect(
                next.start == segment.end && next.offset == segment.next && next.previous == segment.offset)
            #expect(zone.segment(at: segment.end - 1) == segment)
            segment = next
            count += 1
        }
        #expect(count > 0 || name == "UTC")
    }

    @Test("An altered file is read or rejected, whatever it says") func alteredFiles() throws {
        var dice = SplitMix(state: 1)
        let original = Self.file(footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        var rejected = 0
        for _ in 0..<20_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                let index = Int.random(in: bytes.indices, using: &dice)
                bytes[index] = UInt8.random(in: 0...255, using: &dice)
            }
            if Bool.random(using: &dice) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &dice)) }
            guard let file = try? ZoneFile(bytes) else {
                rejected += 1
                continue
            }
            let zone = ZoneRules(file)
            for time in [-ZoneRules.farAway, -1, 0, 1_000_000_000, 4_000_000_000, ZoneRules.farAway / 1024] {
                let segment = zone.segment(at: time)
                #expect(segment.start <= time && time < segment.end)
            }
        }
        #expect(rejected > 1000)
    }

    /// A file with two changes, in 1980 and 1996.
    private static func file(footer: String) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        func header(times: Int, types: Int) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
                + [0, 0, 0, times, types, 4].flatMap { number($0, 4) }
        }
        var bytes = header(times: 0, types: 1) + number(0, 4) + [0, 0] + Array("UTC\0".utf8)
        bytes += header(times: 2, types: 2) + number(323_830_800, 8) + number(828_234_000, 8) + [1, 0]
        bytes += number(3600, 4) + [0, 0] + number(7200, 4) + [1, 0] + Array("CET\0".utf8)
        return bytes + Array("\n\(footer)\n".utf8)
    }
}
