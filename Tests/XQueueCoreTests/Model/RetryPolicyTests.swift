import Testing
import XQueueCore
import XQueueTesting

@Suite("Retry policy")
struct RetryPolicyTests {
    private func policy(
        _ strategy: RetryPolicy.Strategy, delay: Duration = .seconds(2), cap: Duration = .seconds(60),
        jitter: Double = 0
    ) -> RetryPolicy {
        RetryPolicy(strategy: strategy, delay: delay, maxDelay: cap, jitter: jitter)
    }

    @Test func followsItsStrategy() {
        func waits(_ strategy: RetryPolicy.Strategy) -> [Duration] {
            (1...7).map { policy(strategy).backOff(retry: $0, draw: 0.5) }
        }
        #expect(waits(.fixed) == Array(repeating: .seconds(2), count: 7))
        #expect(waits(.linear) == [2, 4, 6, 8, 10, 12, 14].map { .seconds($0) })
        #expect(waits(.exponential) == [2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
    }

    @Test func theStandardPolicyStartsAtOneSecondAndEndsAtFiveMinutes() {
        #expect(RetryPolicy.standard.backOff(retry: 1, draw: 0.5) == .seconds(1))
        #expect(RetryPolicy.standard.backOff(retry: 1, draw: 0) == .milliseconds(800))
        #expect(RetryPolicy.standard.backOff(retry: 50, draw: 0.5) == .seconds(300))
    }

    @Test func jitterStaysWithinItsBoundsAndBelowTheCap() {
        let random = SeededRandomSource(seed: 1)
        let spread = policy(.fixed, delay: .seconds(10), cap: .seconds(11), jitter: 0.25)
        var seen: Set<Duration> = []
        for _ in 0..<2000 {
            let wait = spread.backOff(retry: 1, draw: random.draw())
            #expect(wait >= .milliseconds(7500) && wait <= .seconds(11))
            seen.insert(wait)
        }
        #expect(seen.count > 500)
        #expect(seen.contains(.seconds(11)))
        let full = policy(.fixed, jitter: 1)
        #expect(full.backOff(retry: 1, draw: 0) == .zero)
        #expect(full.backOff(retry: 1, draw: 1) == .seconds(4))
    }

    @Test func neverOverflows() {
        for strategy in RetryPolicy.Strategy.allCases {
            for retry in [Int.min, -1, 0, 1, 63, 64, 1000, Int.max] {
                let wait = policy(strategy, delay: .seconds(86_400), cap: ModelLimits.maxDuration)
                    .backOff(retry: retry, draw: 0.999_999)
                #expect(wait >= .zero && wait <= ModelLimits.maxDuration)
            }
        }
    }

    @Test func toleratesUnvalidatedValues() {
        let huge = Duration.seconds(Int64.max)
        let policies = [
            policy(.exponential, delay: huge, cap: huge, jitter: 1),
            policy(.linear, delay: huge, cap: huge), policy(.fixed, delay: .seconds(-5), jitter: 0.5),
            policy(.fixed, jitter: .nan), policy(.fixed, jitter: .infinity),
        ]
        for policy in policies {
            for draw in [0, 0.5, 0.999] {
                #expect(policy.backOff(retry: 3, draw: draw) >= .zero)
            }
        }
    }
}
