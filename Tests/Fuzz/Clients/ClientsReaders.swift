extension FuzzReader {
    static let clients = [execOutput, retryAfter, eventStream, apiReply]
}

#if LIBFUZZER
@_cdecl("FuzzClients_main") func main(_ count: Int32, _ arguments: Arguments) -> Int32 {
    LibFuzzer.run(FuzzReader.clients, count, arguments)
}
#endif
