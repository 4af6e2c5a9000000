#if Kafka

import Testing

@testable import XQueueKafka

@Suite("Partition state of a group member") struct KafkaShareTests {
    private static func share() -> KafkaShare {
        var share = KafkaShare()
        share.assign([0, 1])
        return share
    }

    @Test("A record is known as stored once, and only if not yet received") func once() {
        var share = Self.share()
        // Nothing from partition 1 has been received, so its position is unknown.
        let first = share.receive(0, 4)
        share.markStored(0, 4)
        share.markStored(0, 5)
        share.markStored(1, 5)
        let answers = [share.receive(0, 5), share.receive(0, 6), share.receive(1, 5)]
        #expect([first] + answers == [false, true, false, false])
    }

    @Test("A topic that restarts at offset 0 discards what is known") func anew() {
        var share = Self.share()
        _ = share.receive(0, 7)
        share.markStored(0, 9)
        var answers = [share.receive(0, 0), share.receive(0, 9)]
        share.markStored(0, 10)
        answers.append(share.receive(0, 10))
        #expect(answers == [false, false, true])
    }

    @Test("An offset whose commit failed is committed again, unless a later one is or the partition is gone")
    func failedCommits() {
        var share = Self.share()
        share.commit(0, 6)
        share.keep([0: 5, 1: 3, 2: 9])
        #expect(share.done == [0: 7, 1: 3])
        share.keep([0: 8])
        #expect(share.done == [0: 8, 1: 3])
    }

    @Test("The maximum offset is handled like any other") func last() {
        var share = Self.share()
        let isKnown = share.receive(0, .max)
        share.commit(0, .max)
        #expect(!isKnown)
        #expect(share.done == [0: .max])
    }

    @Test("State is dropped with a revoked partition") func moved() {
        var share = Self.share()
        for partition: Int32 in [0, 1] {
            _ = share.receive(partition, 0)
            share.markStored(partition, 1)
        }
        share.assign([1])
        share.assign([0, 1])
        let answers = [share.receive(0, 1), share.receive(1, 1)]
        #expect(answers == [false, true])
    }

    @Test("Memory is bounded") func limit() {
        var share = Self.share()
        _ = share.receive(0, 0)
        for offset in 1...100_001 { share.markStored(0, Int64(offset)) }
        let answers = [share.receive(0, 100_000), share.receive(0, 100_001)]
        #expect(answers == [true, false])
    }
}

#endif
