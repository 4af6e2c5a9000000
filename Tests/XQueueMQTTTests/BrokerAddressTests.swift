#if MQTT

import Testing
import XQueueMQTT

@Suite struct BrokerAddressTests {
    @Test(arguments: [
        ("tcp://localhost:1883", "tcp://localhost:1883"),
        ("mqtt://broker", "tcp://broker:1883"),
        ("mqtts://broker", "mqtts://broker:8883"),
        ("ssl://broker:1", "mqtts://broker:1"),
        ("tcp://[::1]:1884/", "tcp://[::1]:1884"),
        ("ws://broker", "ws://broker:80/mqtt"),
        ("WSS://broker:9001/a/b?c=d", "wss://broker:9001/a/b?c=d"),
    ])
    func isRead(_ text: String, _ meaning: String) throws {
        #expect(try MQTTBroker(text).description == meaning)
    }

    @Test(arguments: [
        "", "localhost", "localhost:1883", "http://broker", "tcp://", "tcp://:1883", "tcp://broker:0",
        "tcp://broker:65536", "tcp://broker:x", "tcp://broker/path", "tcp://user:secret@broker",
        "tcp://bro ker",
    ])
    func isRejectedWithoutRepeatingSecrets(_ text: String) {
        let error = #expect(throws: MQTTError.self) { try MQTTBroker(text) }
        #expect(error?.kind == .invalid)
        #expect(error?.message.contains("secret") == false)
    }
}

#endif
