extension FuzzReader {
    static let stores = [eventBatch, sqliteText] + redis

    #if Redis
    private static let redis = [
        redisReply, redisText, redisSignal, redisDefinition, redisState, redisErrors, redisEvents,
    ]
    #else
    private static let redis: [FuzzReader] = []
    #endif
}

#if LIBFUZZER
@_cdecl("FuzzStores_main") func main(_ count: Int32, _ arguments: Arguments) -> Int32 {
    LibFuzzer.run(FuzzReader.stores, count, arguments)
}
#endif
