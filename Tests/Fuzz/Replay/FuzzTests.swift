import Foundation
import Testing

/// Replays the corpus, and thousands of random alterations of it. `scripts/fuzz` runs the same readers with libFuzzer.
@Suite("Foreign bytes") struct FuzzTests {
    private static let readers =
        FuzzReader.model + FuzzReader.stores + FuzzReader.brokers + FuzzReader.clients + FuzzReader.server
        + FuzzReader.cli
    private static let environment = ProcessInfo.processInfo.environment
    /// Altered inputs per reader.
    private static let runs = environment["XQUEUE_FUZZ_RUNS"].flatMap { Int($0) } ?? 500
    private static let seed = environment["XQUEUE_SEED"].flatMap { UInt64($0) } ?? 1

    @Test("No input traps, and what is read can be written and read again", arguments: readers.map(\.name))
    func altered(_ name: String) async throws {
        let reader = try #require(Self.readers.first { $0.name == name })
        let corpus = try Corpus.inputs(of: name)
        var accepted = 0
        for (number, input) in corpus.enumerated() {
            accepted += await check(reader, input, "input \(number) of the corpus") ? 1 : 0
        }
        #expect(accepted > 0, "the reader accepts nothing of its corpus")
        let mutator = Mutator(corpus, seed: Self.seed)
        for run in 0..<Self.runs {
            _ = await check(reader, mutator.next(), "run \(run) of seed \(Self.seed)")
        }
    }

    private func check(_ reader: FuzzReader, _ input: [UInt8], _ place: String) async -> Bool {
        do {
            return try await reader.check(input)
        } catch {
            Issue.record("\(place): \(error); the input in base64: \(Data(input).base64EncodedString())")
            return false
        }
    }

    @Test("Every reader has a small corpus, and every corpus a reader") func corpus() throws {
        // Without some traits, there are fewer readers.
        let names = try Corpus.names()
        #expect(Set(Self.readers.map(\.name)).isSubset(of: names))
        #if Redis && Kafka && MQTT
        #expect(Set(names).isSubset(of: Self.readers.map(\.name)))
        #endif
        #expect(Set(Self.readers.map(\.name)).count == Self.readers.count)
        var total = 0
        for name in names {
            let inputs = try Corpus.inputs(of: name)
            #expect(1...30 ~= inputs.count, "\(name) has \(inputs.count) inputs")
            total += inputs.reduce(0) { $0 + $1.count }
        }
        #expect(total < 200_000)
    }
}
