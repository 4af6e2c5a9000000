import Synchronization
import Testing
import XQueueCore
import XQueueTesting

@testable import XQueueStoreKit

@Suite("Call gatherer") struct CallGathererTests {
    private typealias Gatherer = CallGatherer<Int, Int>

    /// Records the items of each run and holds the runs until released.
    private final class HeldRuns: Sendable {
        private struct State {
            var batches: [[Int]] = []
            var held: [CheckedContinuation<Void, Never>] = []
            var isOpen = false
        }

        private let state = Mutex(State())

        var batches: [[Int]] { state.withLock(\.batches) }
        var heldCount: Int { state.withLock(\.held.count) }

        func run(_ items: [Int]) async -> [Gatherer.Outcome] {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    state.batches.append(items)
                    if !state.isOpen { state.held.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
            return items.map { .success($0 * 10) }
        }

        /// Releases all runs and holds no further ones.
        func open() {
            let held = state.withLock { state in
                state.isOpen = true
                defer { state.held = [] }
                return state.held
            }
            for continuation in held { continuation.resume() }
        }
    }

    /// How often the gatherer asked to start a run.
    private final class Starts: Sendable {
        private let number = Mutex(0)

        var count: Int { number.withLock { $0 } }

        func add() { number.withLock { $0 += 1 } }
    }

    private static func waiting(_ gatherer: Gatherer) -> Int { gatherer.state.withLock { $0.waiting.count } }

    /// Makes calls one after another behind a held run, each as soon as the previous one waits.
    private static func make(
        _ items: [Int], of gatherer: Gatherer, weight: Int = 1,
        in group: inout ThrowingTaskGroup<Int, any Error>,
        _ runs: HeldRuns
    ) async throws {
        let before = waiting(gatherer)
        for (index, item) in items.enumerated() {
            group.addTask {
                try await gatherer.call(item, weight: weight) { await runs.run($0) }
            }
            try await eventually("the call waits") { waiting(gatherer) == before + index + 1 }
        }
    }

    @Test("A lone caller does not wait") func alone() async throws {
        let gatherer = Gatherer(maxWaiting: 10, maxWeight: 10)
        let runs = HeldRuns()
        runs.open()
        #expect(try await gatherer.call(4) { await runs.run($0) } == 40)
        #expect(runs.batches == [[4]])
        #expect(!gatherer.hasWaiting)
    }

    @Test("Calls during a run form the next one, in order and up to the maximum weight", arguments: [1, 2])
    func gathers(maxRunning: Int) async throws {
        let gatherer = Gatherer(maxWaiting: 100, maxWeight: 6, maxRunning: maxRunning)
        let runs = HeldRuns()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<maxRunning {
                group.addTask { try await gatherer.call(-number) { await runs.run($0) } }
                try await eventually("the run is under way") { runs.heldCount == number + 1 }
            }
            try await Self.make(Array(1...7), of: gatherer, weight: 2, in: &group, runs)
            // A call above the maximum weight still runs, alone.
            try await Self.make([8], of: gatherer, weight: 50, in: &group, runs)
            #expect(runs.heldCount == maxRunning)
            runs.open()
            let answers = try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            #expect(answers.isSuperset(of: (1...8).map { $0 * 10 }))
        }
        let gathered = runs.batches.dropFirst(maxRunning)
        #expect(Set(gathered) == [[1, 2, 3], [4, 5, 6], [7], [8]])
    }

    @Test("Calls are rejected when too many wait, and after closing") func rejections()
        async throws
    {
        let gatherer = Gatherer(maxWaiting: 2, maxWeight: 10)
        let runs = HeldRuns()
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await gatherer.call(0) { await runs.run($0) } }
            try await eventually("the run is under way") { runs.heldCount == 1 }
            try await Self.make([1, 2], of: gatherer, in: &group, runs)
            let full = await #expect(throws: StoreError.self) {
                try await gatherer.call(3) { await runs.run($0) }
            }
            #expect(full?.code == .unavailable)
            #expect(gatherer.close())
            #expect(!gatherer.close())
            runs.open()
            // Waiting calls still complete.
            #expect(try await group.reduce(into: Set<Int>()) { $0.insert($1) } == [0, 10, 20])
        }
        let closed = await #expect(throws: StoreError.self) {
            try await gatherer.call(4) { await runs.run($0) }
        }
        #expect(closed?.code == .closed)
    }

    @Test("A run that returns too few results leaves no caller waiting") func tooFew() async throws {
        let gatherer = Gatherer(maxWaiting: 10, maxWeight: 10)
        let error = await #expect(throws: StoreError.self) { try await gatherer.call(1) { _ in [] } }
        #expect(error?.code == .corrupt)
    }

    @Test("A store with its own queue is asked to start once") func ownQueue()
        async throws
    {
        let gatherer = Gatherer(maxWaiting: 10, maxWeight: 10)
        let starts = Starts()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for item in [1, 2, 3] {
                group.addTask {
                    try await gatherer.call(item) { starts.add() }
                }
            }
            try await eventually("all wait") { Self.waiting(gatherer) == 3 }
            #expect(starts.count == 1)
            let calls = gatherer.next()
            #expect(Set(calls.map(\.item)) == [1, 2, 3])
            for call in calls { call.answer(.success(call.item)) }
            #expect(gatherer.finish() == false)
            #expect(try await group.reduce(0, +) == 6)
        }
        async let last = gatherer.call(4) { starts.add() }
        try await eventually("it waits") { Self.waiting(gatherer) == 1 }
        #expect(starts.count == 2)
        for call in gatherer.next() { call.answer(.success(5)) }
        #expect(try await last == 5)
        #expect(gatherer.next().isEmpty)
    }
}
