import Testing
import XQueueCore
import XQueueStoreKit

@Suite("Signal hub")
struct SignalHubTests {
    @Test func everyListenerHearsEverySignal() async {
        let hub = SignalHub()
        let listeners = [hub.listen(), hub.listen()]
        let signals: [StoreSignal] = [.ready, .due(in: .milliseconds(4)), .ready]
        for signal in signals { hub.send(signal) }
        hub.finish()
        for listener in listeners {
            let heard = await listener.reduce(into: []) { $0.append($1) }
            #expect(heard == signals)
        }
    }

    @Test func aSlowListenerKeepsTheNewest() async {
        let hub = SignalHub()
        let listener = hub.listen()
        for number in 0..<2000 { hub.send(.due(in: .milliseconds(number))) }
        hub.finish()
        let heard = await listener.reduce(into: []) { $0.append($1) }
        #expect(heard.count == 1024)
        #expect(heard.last == .due(in: .milliseconds(1999)))
    }

    @Test func nothingIsDeliveredAfterTheEnd() async {
        let hub = SignalHub()
        hub.finish()
        hub.finish()
        hub.send(.ready)
        let heard = await hub.listen().reduce(into: []) { $0.append($1) }
        #expect(heard.isEmpty)
    }
}
