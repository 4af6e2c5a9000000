extension FuzzReader {
    static let server = [
        url, percent, requestHead, leaseBody, socketMessage, socketFrames, jwt, jwtKeys, tokenHash,
    ]
}

#if LIBFUZZER
@_cdecl("FuzzServer_main") func main(_ count: Int32, _ arguments: Arguments) -> Int32 {
    LibFuzzer.run(FuzzReader.server, count, arguments)
}
#endif
