extension FuzzReader {
    static let brokers = kafka + mqtt

    #if Kafka
    private static let kafka = [kafkaVersions]
    #else
    private static let kafka: [FuzzReader] = []
    #endif

    #if MQTT
    private static let mqtt = [mqttFrames]
    #else
    private static let mqtt: [FuzzReader] = []
    #endif
}

#if LIBFUZZER
@_cdecl("FuzzBrokers_main") func main(_ count: Int32, _ arguments: Arguments) -> Int32 {
    LibFuzzer.run(FuzzReader.brokers, count, arguments)
}
#endif
