import Foundation
import Testing
import XQueueCore
import XQueueTesting

@Suite("Task identifiers")
struct TaskIDTests {
    private let clock = ManualClock()

    private func generator(seed: UInt64 = 1) -> TaskIDGenerator {
        TaskIDGenerator(clock: clock, random: SeededRandomSource(seed: seed))
    }

    private func expectVersion7(_ id: TaskID) {
        #expect(id.high >> 12 & 0xF == 7)
        #expect(id.low >> 62 == 0b10)
    }

    @Test func carriesItsCreationMillisecond() {
        let generator = generator()
        for _ in 0..<100 {
            clock.advance(by: .milliseconds(3))
            let id = generator.next()
            #expect(id.timestamp == clock.now())
            expectVersion7(id)
            #expect(id >= TaskID.lowest(at: clock.now()))
        }
    }

    @Test func growsWhileTheClockStandsStill() {
        let generator = generator()
        var last = generator.next()
        for _ in 0..<10_000 {
            let next = generator.next()
            #expect(next > last)
            expectVersion7(next)
            last = next
        }
        #expect(last.timestamp == clock.now())
    }

    @Test func growsWhenTheClockGoesBackALittle() {
        let generator = generator()
        let before = generator.next()
        clock.step(by: .seconds(-10))
        let after = generator.next()
        #expect(after > before)
        #expect(after.timestamp == before.timestamp)
        expectVersion7(after)
        clock.advance(by: .seconds(11))
        #expect(generator.next().timestamp == clock.now())
    }

    @Test(arguments: [Duration.seconds(11), .seconds(3600), .seconds(366 * 86_400)])
    func followsACorrectedClock(_ error: Duration) {
        let generator = generator()
        clock.step(by: error)
        let ahead = generator.next()
        clock.step(by: .zero - error)
        let after = generator.next()
        #expect(after.timestamp == clock.now())
        expectVersion7(after)
        #expect(generator.next() > after)
        #expect(after < ahead)
    }

    @Test func isAVersion7IdentifierEvenAtTheEpoch() {
        clock.set(to: Timestamp(milliseconds: 0))
        let generator = generator()
        let first = generator.next()
        let second = generator.next()
        expectVersion7(first)
        expectVersion7(second)
        #expect(first < second)
    }

    @Test func carriesOverIntoTheNextMillisecondWhenItsBitsRunOut() {
        let full = SequenceSource([.max, .max] + Array(repeating: 0xFFFF_FFFF, count: 64))
        let generator = TaskIDGenerator(clock: clock, random: full)
        var last = generator.next()
        for _ in 0..<31 {
            let next = generator.next()
            #expect(next > last)
            expectVersion7(next)
            last = next
        }
    }

    @Test func isUniqueAmongConcurrentCallers() async {
        let generator = generator()
        let ids = await withTaskGroup(of: [TaskID].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<500).map { _ in generator.next() } }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(ids).count == 4000)
    }

    @Test func printsAndParsesItself() throws {
        let generator = generator()
        for _ in 0..<1000 {
            let id = generator.next()
            #expect(TaskID(id.description) == id)
            #expect(TaskID(id.description.uppercased()) == id)
            #expect(UUID(uuidString: id.description)?.uuidString.lowercased() == id.description)
        }
        let known = try #require(TaskID("018f6b1c-9a3e-7d42-b1c9-1f0a2b3c4d5e"))
        #expect(known.high == 0x018f_6b1c_9a3e_7d42)
        #expect(known.low == 0xb1c9_1f0a_2b3c_4d5e)
    }

    @Test(arguments: [
        "", "018f6b1c", "018f6b1c9a3e7d42b1c91f0a2b3c4d5e", "018f6b1c-9a3e-7d42-b1c9-1f0a2b3c4d5",
        "018f6b1c-9a3e-7d42-b1c9-1f0a2b3c4d5e0", "018f6b1g-9a3e-7d42-b1c9-1f0a2b3c4d5e",
        "{18f6b1c-9a3e-7d42-b1c9-1f0a2b3c4d5e}", "018f6b1c-9a3e-7d42-b1c91-f0a2b3c4d5e",
        " 018f6b1c-9a3e-7d42-b1c9-1f0a2b3c4d5e", "018f6b1c-9a3e-7d42-b1c9-1f0a2b3c4d5é",
        "0-8f6b1c-9a3e-7d42-b1c9-1f0a2b3c4d5e", "------------------------------------",
    ])
    func rejectsInvalidIdentifiers(_ text: String) {
        #expect(TaskID(text) == nil)
    }

    @Test func sortsLikeItsTextAndByCreation() {
        let random = SeededRandomSource(seed: 5)
        let ids = (0..<500).map { _ in TaskID(high: random.next(), low: random.next()) }
        #expect(firstDifference(ids.sorted().map(\.description), ids.map(\.description).sorted()) == nil)
        #expect(TaskID.lowest(at: clock.now()) < TaskID.lowest(at: clock.now() + .milliseconds(1)))
        #expect(TaskID.lowest(at: Timestamp(milliseconds: -5)).timestamp.milliseconds == 0)
    }
}
