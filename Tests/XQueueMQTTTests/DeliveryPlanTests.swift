#if MQTT

import Testing

@testable import XQueueMQTT

@Suite("Delivery plan") struct DeliveryPlanTests {
    /// Takes every message that may be sent now.
    private func handOver(_ plan: inout DeliveryPlan, most: Int = 10) -> [Int] {
        var given: [Int] = []
        while let index = plan.takeNext(most: most) { given.append(index) }
        return given
    }

    @Test("Messages are sent up to the limit; the plan completes when all are settled") func plain() {
        var plan = DeliveryPlan(sizes: [1, 1, 1])
        let first = handOver(&plan, most: 2)
        plan.settled(1)
        plan.settled(0)
        let second = handOver(&plan, most: 2)
        let before = plan.isComplete
        plan.settled(2)
        #expect(first == [0, 1])
        #expect(second == [2])
        #expect(!before && plan.isComplete)
    }

    @Test("A message that breaks connections is set aside, the others are delivered") func culprit() {
        var plan = DeliveryPlan(sizes: [10, 500, 10, 10])
        var breaks = 0
        var putAside: [Int] = []
        var taken: [Int] = []
        // A broker that closes the connection at message 1.
        while !plan.isComplete {
            let given = handOver(&plan)
            var isBroken = false
            for index in given where !isBroken {
                if index == 1 {
                    isBroken = true
                } else {
                    plan.settled(index)
                    taken.append(index)
                }
            }
            guard isBroken else { continue }
            breaks += 1
            let (advice, rejected) = plan.noteBreak()
            if let rejected { putAside.append(rejected) }
            if advice == .giveUp { break }
        }
        #expect(putAside == [1])
        #expect(breaks == 1 + DeliveryPlan.maxBreaks)
        #expect(Set(taken) == [0, 2, 3])
        #expect(plan.suspectSize == 500)
    }

    @Test(
        "One break sets aside a message as long as an earlier culprit, until a longer one is accepted"
    )
    func size() {
        var plan = DeliveryPlan(sizes: [500, 10, 600], suspectSize: 500)
        let alone = handOver(&plan)
        let (advice, rejected) = plan.noteBreak()
        #expect(alone == [0])
        #expect(rejected == 0)
        #expect(advice == .proceed(afterMilliseconds: 0))
        let next = handOver(&plan)
        plan.settled(1)
        let last = handOver(&plan)
        plan.settled(2)
        #expect(next == [1])
        #expect(last == [2])
        #expect(plan.isComplete)
        #expect(plan.suspectSize == nil)
    }

    @Test("After a break, sending resumes in order from the first unsettled message") func order() {
        var plan = DeliveryPlan(sizes: [1, 1, 1])
        _ = handOver(&plan)
        plan.settled(0)
        plan.settled(2)
        _ = plan.noteBreak()
        var sent: [Int] = []
        while !plan.isComplete {
            for index in handOver(&plan) {
                sent.append(index)
                plan.settled(index)
            }
        }
        #expect(sent == [1, 2])
    }

    @Test("A message the broker rejects is skipped immediately") func rejected() {
        var plan = DeliveryPlan(sizes: [1, 1])
        _ = handOver(&plan)
        plan.rejected(0)
        plan.settled(1)
        #expect(plan.isComplete)
    }

    @Test("A break with no message in flight blames no message") func idle() {
        var plan = DeliveryPlan(sizes: [1])
        let (advice, rejected) = plan.noteBreak()
        #expect(advice == .giveUp)
        #expect(rejected == nil)
    }

    @Test("A broker that accepts nothing is itself at fault") func trouble() {
        var plan = DeliveryPlan(sizes: Array(repeating: 1, count: 1000))
        var putAside = 0
        var rounds = 0
        while rounds < 10_000 {
            rounds += 1
            _ = handOver(&plan)
            let (advice, rejected) = plan.noteBreak()
            if rejected != nil { putAside += 1 }
            if advice == .giveUp { break }
        }
        #expect(putAside == DeliveryPlan.maxConsecutive)
        #expect(!plan.isComplete)
    }
}

#endif
