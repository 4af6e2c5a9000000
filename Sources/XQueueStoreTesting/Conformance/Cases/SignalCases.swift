import Testing
import XQueueCore

extension StoreConformance {
    static let signalCases: [ConformanceCase] = [
        ConformanceCase("signals: a ready task wakes every listener") { fixture in
            let listeners = [fixture.store.signals(), fixture.store.signals()]
            try await fixture.submit(fixture.task())
            for listener in listeners {
                #expect(await listener.receives { $0 == .ready })
            }
        },
        ConformanceCase("signals: a scheduled task announces when it is due") { fixture in
            let signals = fixture.store.signals()
            try await fixture.submit(fixture.task(schedule: .at(fixture.now + .seconds(30))))
            #expect(await signals.receives { $0 == .due(in: .seconds(30)) })
        },
        ConformanceCase("signals: a cancel announces which task to stop") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            let signals = fixture.store.signals()
            _ = try await fixture.store.cancel([running.id], grace: .seconds(5))
            #expect(await signals.receives { $0 == .cancelRequested(running.id) })
        },
        ConformanceCase("signals: everything that makes a task ready wakes listeners") { fixture in
            try await fixture.submit(fixture.task(key: "k"))
            let running = try await fixture.claimOne()
            let parked = try await fixture.submit(fixture.task(key: "k"))
            _ = try await fixture.claim()
            let afterSettle = fixture.store.signals()
            try await fixture.settle(running, .success(nil))
            #expect(await afterSettle.receives { $0 == .ready })

            _ = try await fixture.store.cancel([parked.id], grace: .zero)
            let afterRequeue = fixture.store.signals()
            _ = try await fixture.store.requeue([parked.id])
            #expect(await afterRequeue.receives { $0 == .ready })

            try await fixture.store.setPaused(true, type: "a")
            let afterResume = fixture.store.signals()
            try await fixture.store.setPaused(false, type: "a")
            #expect(await afterResume.receives { $0 == .ready })

            try await fixture.store.setLimit(1, ofType: "a")
            let afterRaise = fixture.store.signals()
            try await fixture.store.setLimit(2, ofType: "a")
            #expect(await afterRaise.receives { $0 == .ready })

            try await fixture.submit(fixture.task("b", schedule: .after(.seconds(5))))
            let afterSweep = fixture.store.signals()
            try await fixture.advance(by: .seconds(5))
            #expect(await afterSweep.receives { $0 == .ready })
        },
        ConformanceCase("signals: a free slot of a limited type wakes listeners") { fixture in
            try await fixture.store.setLimit(1, ofType: "a")
            try await fixture.submit([fixture.task(), fixture.task()])
            let running = try await fixture.claimOne()
            let signals = fixture.store.signals()
            try await fixture.settle(running, .success(nil))
            #expect(await signals.receives { $0 == .ready })
        },
    ]
}

extension AsyncStream<StoreSignal> {
    /// Whether a matching signal arrives within ten seconds of real time.
    func receives(_ isWanted: @escaping @Sendable (StoreSignal) -> Bool) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await signal in self where isWanted(signal) { return true }
                return false
            }
            group.addTask {
                // A timeout, not a pause: the group ends at the first signal.
                try? await Task.sleep(for: .seconds(10))
                return false
            }
            let found = await group.next() ?? false
            group.cancelAll()
            return found
        }
    }
}
